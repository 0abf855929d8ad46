import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { serve } from "./static.mjs"

const home = fileURLToPath(new URL("..", import.meta.url))
let built = false

/** Builds the page over a workspace in memory, once, and serves it under the program's policy. */
export async function servePreview() {
  if (!built) {
    execFileSync("npx", ["vite", "build", "-c", "vite.preview.config.ts", "--logLevel", "error"], {
      cwd: home,
      stdio: ["ignore", "ignore", "inherit"],
    })
  }
  built = true
  return serve(`${home}/test-results/preview`)
}
