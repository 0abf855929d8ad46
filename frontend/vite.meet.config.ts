import { fileURLToPath } from "node:url"
import { defineConfig } from "vite"
import { plugins } from "./vite.config.ts"

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** The page of guests, which super-peers serve below /meet. */
export default defineConfig({
  root: path("src/meet"),
  base: "/meet/",
  publicDir: false,
  plugins: plugins(),
  build: {
    target: "es2022",
    // The content security policy allows no data: addresses for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    outDir: path("dist-meet"),
    emptyOutDir: true,
  },
})
