export type Emoji = { emoji: string; name: string; words: string }
/** Emoji by group, in the order of the Unicode charts. */
export type EmojiGroups = Emoji[][]

const loaded = new Map<string, Promise<EmojiGroups>>()

/** Loads the emoji with their names in a language. The data is part of the program. */
export function loadEmoji(language: string): Promise<EmojiGroups> {
  const known = loaded.get(language)
  if (known) return known
  const data = language === "fr" ? import("virtual:emoji/fr") : import("virtual:emoji/en")
  const groups = data.then(({ default: groups }) =>
    groups.map((group) => group.map(([emoji, name, words]) => ({ emoji, name, words }))),
  )
  loaded.set(language, groups)
  return groups
}

const folded = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()

/** Emoji whose name or words start like the query, best first. */
export function findEmoji(groups: EmojiGroups, query: string, most: number): Emoji[] {
  const wanted = folded(query.trim()).replaceAll("_", " ")
  if (!wanted) return []
  const ranked: { emoji: Emoji; rank: number }[] = []
  for (const emoji of groups.flat()) {
    const name = folded(emoji.name)
    const words = ` ${folded(emoji.words)}`
    if (name.startsWith(wanted)) ranked.push({ emoji, rank: name.length === wanted.length ? 0 : 1 })
    else if (words.includes(` ${wanted}`)) ranked.push({ emoji, rank: 2 })
    else if (name.includes(` ${wanted}`)) ranked.push({ emoji, rank: 3 })
  }
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked.slice(0, most).map(({ emoji }) => emoji)
}
