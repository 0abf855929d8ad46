import { expect, test } from "vitest"
import { candidateLine, fragmentOf, reply } from "./sdp"

const print = Array.from({ length: 32 }, (_, at) => at.toString(16).padStart(2, "0"))
  .join(":")
  .toUpperCase()
const track = (kind: string) =>
  `m=${kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 ${print}\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\na=setup:active\r\n`
const answer = `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${track("audio")}${track("video")}`
const offer = "v=0\r\nm=audio 9 x 1\r\na=ice-ufrag:Offer1\r\n"

test("an answer says its fingerprint once and which offer it answers", () => {
  const { sdp, fingerprint } = reply(answer, offer)
  expect(sdp.match(/a=fingerprint/g)).toHaveLength(1)
  expect(sdp.indexOf("a=fingerprint")).toBeLessThan(sdp.indexOf("m=audio"))
  expect(sdp).toContain("a=x-parvis-offer:Offer1\r\nm=audio")
  expect(sdp).not.toContain("candidate")
  expect(sdp.endsWith("\r\n")).toBe(true)
  expect([...fingerprint]).toEqual(Array.from({ length: 32 }, (_, at) => at))
  expect(fragmentOf(sdp)).toBe("abcd")
})

test("an answer without a fingerprint, or with two, is none", () => {
  expect(() => reply(answer.replaceAll(/a=fingerprint.*\r\n/g, ""), offer)).toThrow()
  expect(() => reply(answer.replace(print, print.replace("00", "FF")), offer)).toThrow()
  expect(() => reply(answer.replaceAll("sha-256", "sha-1"), offer)).toThrow()
})

test("candidates are UDP addresses that name their description", () => {
  const host = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0"
  expect(candidateLine(host, "abcd")).toBe(`${host} ufrag abcd`)
  expect(candidateLine(`${host} ufrag efgh`, "abcd")).toBe(`${host} ufrag efgh`)
  expect(candidateLine(`a=${host}`, "abcd")).toBe(`${host} ufrag abcd`)
  for (const other of [
    "",
    "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
    "candidate:1 2 udp 1 192.0.2.1 9 typ host x",
    "candidate:1 1 udp 1 5f3a.local 9 typ host x",
  ])
    expect(candidateLine(other, "abcd")).toBeUndefined()
})
