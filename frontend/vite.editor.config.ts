import { fileURLToPath } from "node:url"
import { defineConfig } from "vite"
import { plugins } from "./vite.config.ts"

const page = (name: string) => fileURLToPath(new URL(`e2e/pages/${name}`, import.meta.url))

/** The editor alone over a document in memory, and others beside it, for measuring. Never part of the program. */
export default defineConfig({
  root: fileURLToPath(new URL("e2e/pages", import.meta.url)),
  base: "./",
  publicDir: false,
  plugins: plugins(),
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    outDir: process.env.PARVIS_OUT ?? "../../test-results/editor",
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: { input: [page("editor.html"), page("rivals.html")] },
  },
})
