import "./fonts.css"
import "../styles/tokens.css"
import "../styles/base.css"
import "./meet.css"
import { mount } from "svelte"
import Meet from "./Meet.svelte"
import { begin } from "./begin"

const target = document.getElementById("app")
if (target) void begin(window).then((start) => mount(Meet, { target, props: { start } }))
