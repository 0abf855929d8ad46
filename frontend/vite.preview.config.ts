import { fileURLToPath } from "node:url"
import { defineConfig } from "vite"
import { plugins } from "./vite.config.ts"

/** The page over a workspace in memory, for measuring it. Never part of the program. */
export default defineConfig({
  root: fileURLToPath(new URL("e2e", import.meta.url)),
  base: "./",
  publicDir: false,
  plugins: plugins(),
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    outDir: "../test-results/preview",
    emptyOutDir: true,
    rolldownOptions: { input: fileURLToPath(new URL("e2e/preview.html", import.meta.url)) },
  },
})
