import "@fontsource-variable/inter/wght.css"
import "@fontsource-variable/inter/wght-italic.css"
import "@fontsource-variable/source-serif-4/wght.css"
import "./styles/tokens.css"
import "./styles/base.css"
import "./styles/menus.css"
import { mount } from "svelte"
import Page from "./Page.svelte"
import { App } from "./app.svelte"
import type { Shell } from "./transport/shell"
import type { Transport } from "./transport/transport"

/** Shows the interface over a transport. */
export function start(transport: Transport, shell: Shell) {
  const target = document.getElementById("app")
  if (target) mount(Page, { target, props: { app: new App(transport, shell) } })
}
