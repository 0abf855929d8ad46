import { m } from "../paraglide/messages.js"

/** A colour that a menu offers. `value` is what the document stores. */
export interface Swatch {
  value: string
  name: string
}

/**
 * The colours of text that a menu offers. Each theme shows any stored colour as dark or as light
 * as reading needs it (editor.css), so a document may hold others too.
 */
export const textColors = (): Swatch[] => [
  { value: "#6b6b6b", name: m.editor_color_grey() },
  { value: "#c4261d", name: m.editor_color_red() },
  { value: "#b35c00", name: m.editor_color_orange() },
  { value: "#1f7a3d", name: m.editor_color_green() },
  { value: "#0f766e", name: m.editor_color_teal() },
  { value: "#1d5fc4", name: m.editor_color_blue() },
  { value: "#7a3cc2", name: m.editor_color_purple() },
  { value: "#b8257a", name: m.editor_color_pink() },
]

/** The colours of highlighting that a menu offers. */
export const highlightColors = (): Swatch[] => [
  { value: "#fff3a3", name: m.editor_color_yellow() },
  { value: "#ffe0b8", name: m.editor_color_orange() },
  { value: "#ffd3e6", name: m.editor_color_pink() },
  { value: "#e6d6ff", name: m.editor_color_purple() },
  { value: "#cfe4ff", name: m.editor_color_blue() },
  { value: "#c9f2c7", name: m.editor_color_green() },
  { value: "#e2e0da", name: m.editor_color_grey() },
]
