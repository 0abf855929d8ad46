import { chromium } from "playwright-core"

/** Debian's Chromium, or another one. */
export const program = process.env.PARVIS_CHROMIUM ?? "/usr/bin/chromium"

/** Starts Chromium without anything that would use the network. */
export const launch = (executablePath = program, more = []) =>
  chromium.launch({
    executablePath,
    args: [
      ...more,
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })
