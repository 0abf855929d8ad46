/** Makes an element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** A button that only holds a text. */
export function button(className: string, text: string, press: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", class: className }, text)
  made.addEventListener("click", press)
  return made
}
