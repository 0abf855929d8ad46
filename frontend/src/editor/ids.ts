const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

/** A new id of 10 random characters: 50 bits, unique enough inside one document. */
export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => alphabet[byte % 32]).join("")
