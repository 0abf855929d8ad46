import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { paraglideVitePlugin } from "@inlang/paraglide-js"
import { svelte } from "@sveltejs/vite-plugin-svelte"
import type { Plugin } from "vite"
import { defineConfig } from "vitest/config"

const find = createRequire(import.meta.url).resolve
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

type EmojibaseEntry = {
  emoji: string
  label: string
  tags?: string[]
  group?: number
  version: number
}

/** Emoji newer than this are missing from the fonts of many computers. */
const newestEmoji = 15
/** Skin tones and hair are parts of emoji, not emoji. */
const parts = 2

/** Packs the emoji and their names in one language into a module, instead of fetching them. */
function emoji(): Plugin {
  const prefix = "virtual:emoji/"
  return {
    name: "emoji",
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return
      const language = id.slice(prefix.length + 1)
      const text = readFileSync(find(`emojibase-data/${language}/data.json`), "utf8")
      const shortcodes = JSON.parse(
        readFileSync(find("emojibase-data/en/shortcodes/github.json"), "utf8"),
      ) as Record<string, string | string[]>
      const groups: [string, string, string][][] = []
      for (const entry of JSON.parse(text) as (EmojibaseEntry & { hexcode: string })[]) {
        if (entry.group === undefined || entry.group === parts || entry.version > newestEmoji)
          continue
        const codes = [shortcodes[entry.hexcode] ?? []].flat().join(" ").replaceAll("_", " ")
        const words = [codes, ...(entry.tags ?? [])].join(" ").trim()
        ;(groups[entry.group] ??= []).push([entry.emoji, entry.label, words])
      }
      return `export default ${JSON.stringify(groups.filter(Boolean))}`
    },
  }
}

/** Two components of bits-ui carry a style attribute, which the security policy forbids. */
function withoutStyleAttributes(): Plugin {
  return {
    name: "without-style-attributes",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("bits-ui/") || !id.endsWith(".svelte")) return
      return { code: code.replaceAll('style="display: contents;"', 'class="contents"'), map: null }
    },
  }
}

export const plugins = () => [
  paraglideVitePlugin({
    project: path("project.inlang"),
    outdir: path("src/paraglide"),
    strategy: ["globalVariable", "baseLocale"],
    outputStructure: "locale-modules",
    emitReadme: false,
  }),
  emoji(),
  withoutStyleAttributes(),
  svelte({ configFile: false, compilerOptions: { runes: true } }),
]

export default defineConfig({
  plugins: plugins(),
  build: {
    target: "es2022",
    // The content security policy allows no data: addresses for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "happy-dom",
    pool: "threads",
    maxWorkers: "100%",
  },
})
