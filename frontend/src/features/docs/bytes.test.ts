import { deflateRawSync } from "node:zlib"
import { expect, test } from "vitest"
import { rootBytes } from "../../editor/root"
import { changeHash, fromBase64, toBase64 } from "./bytes"

const rootHash = "b81af647342ff616393b4653c6ec800b63a609c2857bd6afff3907e83a358095"

test("bytes survive base64, also many of them", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => (n * 7) % 256)
  expect(Buffer.from(fromBase64(toBase64(bytes))).equals(Buffer.from(bytes))).toBe(true)
})

test("a change has the hash that the program knows it by", async () => {
  expect(await changeHash(rootBytes())).toBe(rootHash)
})

test("a compressed change has the same hash", async () => {
  const change = rootBytes()
  // Magic, checksum and type, then a length of one byte.
  const content = deflateRawSync(change.subarray(10))
  expect(content.length).toBeLessThan(128)
  const packed = new Uint8Array([...change.subarray(0, 8), 2, content.length, ...content])
  expect(await changeHash(packed)).toBe(rootHash)
})

test("what is no chunk is refused", async () => {
  await expect(changeHash(new Uint8Array(20))).rejects.toThrow("not a change")
})
