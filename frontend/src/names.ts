import { getLocale } from "./paraglide/runtime.js"

/**
 * Whether French says "d’" before a name: before a vowel and most h. An h before a is that of Hans
 * and Hassan, which is breathed; a y before a vowel is that of Yann.
 */
export function elides(name: string): boolean {
  const letters = name.trim().normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
  return /^([aeiouœæ]|h(?!a|eidi|einz)[eiouyœ]|y[^aeiouy\s])/.test(letters)
}

/** A name behind "of": in French "de Ben", "d’Ana". */
export function ofName(name: string): string {
  if (getLocale() !== "fr") return name
  return elides(name) ? `d’${name}` : `de ${name}`
}

/** Names as a sentence has them: "Ana, Ben and Cleo". */
export const together = (names: readonly string[]) =>
  new Intl.ListFormat(getLocale(), { type: "conjunction" }).format(names)
