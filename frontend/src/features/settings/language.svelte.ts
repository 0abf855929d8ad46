import { locales, overwriteGetLocale, type Locale } from "../../paraglide/runtime.js"

const isLocale = (tag: string): tag is Locale => (locales as readonly string[]).includes(tag)

/** The first of the system's languages that Parvis speaks. */
function systemLocale(): Locale {
  for (const tag of navigator.languages) {
    const language = tag.split("-")[0] ?? ""
    if (isLocale(language)) return language
  }
  return "en"
}

/** The language of every text and date. Changing it redraws them in place. */
class Language {
  #chosen = $state("")
  readonly #system = systemLocale()
  readonly current: Locale = $derived(isLocale(this.#chosen) ? this.#chosen : this.#system)

  /** Takes a language, or an empty string for the system's. */
  choose(tag: string) {
    this.#chosen = tag
    document.documentElement.lang = this.current
  }
}

export const language = new Language()
overwriteGetLocale(() => language.current)
