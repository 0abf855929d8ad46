import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { serve } from "./static.mjs"

const home = fileURLToPath(new URL("..", import.meta.url))
let built

/** Builds the page over a workspace in memory, once, and serves it under the program's policy. */
export async function servePreview() {
  built ??= promisify(execFile)(
    "npx",
    ["vite", "build", "-c", "vite.preview.config.ts", "--logLevel", "error"],
    { cwd: home },
  )
  await built
  return serve(`${home}/test-results/preview`)
}
