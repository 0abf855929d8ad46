/** The names of colours that word processors write. */
const named: Readonly<Record<string, string>> = {
  aqua: "#00ffff",
  black: "#000000",
  blue: "#0000ff",
  brown: "#a52a2a",
  cyan: "#00ffff",
  darkblue: "#00008b",
  darkcyan: "#008b8b",
  darkgray: "#a9a9a9",
  darkgreen: "#006400",
  darkmagenta: "#8b008b",
  darkorange: "#ff8c00",
  darkred: "#8b0000",
  fuchsia: "#ff00ff",
  gold: "#ffd700",
  gray: "#808080",
  green: "#008000",
  grey: "#808080",
  indigo: "#4b0082",
  lightblue: "#add8e6",
  lightgray: "#d3d3d3",
  lightgreen: "#90ee90",
  lightgrey: "#d3d3d3",
  lightyellow: "#ffffe0",
  lime: "#00ff00",
  magenta: "#ff00ff",
  maroon: "#800000",
  navy: "#000080",
  olive: "#808000",
  orange: "#ffa500",
  pink: "#ffc0cb",
  purple: "#800080",
  red: "#ff0000",
  silver: "#c0c0c0",
  teal: "#008080",
  turquoise: "#40e0d0",
  violet: "#ee82ee",
  white: "#ffffff",
  yellow: "#ffff00",
}

/**
 * A colour of CSS as "#rrggbb", as it looks on white paper where it is translucent. Null for what
 * is none, and for one that cannot be seen.
 */
export function readColor(css: string): string | null {
  const text = css.trim().toLowerCase()
  const parts = hex(named[text] ?? text) ?? rgb(text)
  if (!parts) return null
  const [red = 0, green = 0, blue = 0, alpha = 1] = parts
  if (alpha <= 0) return null
  return `#${[red, green, blue]
    .map((part) => Math.round(255 + (Math.min(part, 255) - 255) * Math.min(alpha, 1)))
    .map((part) => part.toString(16).padStart(2, "0"))
    .join("")}`
}

function hex(text: string): number[] | null {
  const digits = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.exec(text)?.[1]
  if (!digits) return null
  const size = digits.length > 4 ? 2 : 1
  const parts: number[] = []
  for (let at = 0; at < digits.length; at += size)
    parts.push(Number.parseInt(digits.slice(at, at + size).repeat(3 - size), 16))
  return parts.map((part, index) => (index === 3 ? part / 255 : part))
}

function rgb(text: string): number[] | null {
  const found =
    /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)$/.exec(text)
  if (!found) return null
  const alpha = Number(found[4] ?? 1) / (found[5] ? 100 : 1)
  return [Number(found[1]), Number(found[2]), Number(found[3]), alpha]
}

const channels = (color: string) =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))

/** Grey that is as dark as `dark` or as light as `light`: what text and paper are anyway. */
const greyish = (color: string, dark: number, light: number): boolean => {
  const parts = channels(color)
  const [least, most] = [Math.min(...parts), Math.max(...parts)]
  return most - least <= 0x18 && (most <= dark || least >= light)
}

/** Whether a colour of text says nothing: black, and the white of those who read on black. */
export const isPlainInk = (color: string): boolean => greyish(color, 0x40, 0xc0)

/** Whether a colour behind text says nothing. */
export const isPlainPaper = (color: string): boolean => greyish(color, 0x40, 0xe8)
