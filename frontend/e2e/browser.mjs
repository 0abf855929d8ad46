import { chromium } from "playwright-core"

/** Starts Debian's Chromium without anything that would use the network. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.PARVIS_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })
