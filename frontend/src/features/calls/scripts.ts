type Policy = { createScriptURL(url: string): unknown }
type Factory = {
  createPolicy(name: string, rules: Record<string, (url: string) => string>): Policy
}

let policy: Policy | undefined

/** The address of a script of our own, as the content policy wants it: nothing else becomes one. */
export function script(url: string): string {
  const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes
  if (!factory) return url
  policy ??= factory.createPolicy("parvis-calls", { createScriptURL: own })
  return policy.createScriptURL(url) as string
}

function own(url: string): string {
  const whole = new URL(url, location.href)
  if (whole.origin !== location.origin || whole.protocol !== location.protocol)
    throw new TypeError("not a script of this page")
  return whole.href
}
