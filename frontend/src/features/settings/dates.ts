import { m } from "../../paraglide/messages.js"
import { language } from "./language.svelte"

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format costs a hundred times more than using it. */
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language.current + JSON.stringify(options)
  const format = formats.get(key) ?? new Intl.DateTimeFormat(regional(), options)
  formats.set(key, format)
  return format
}

/** The system's own variant of the language, for its customs: 14:05 or 2:05 PM. */
const regional = () =>
  navigator.languages.find((tag) => tag.split("-")[0] === language.current) ?? language.current

export const time = (at: number) => format({ hour: "2-digit", minute: "2-digit" }).format(at)

export const moment = (at: number) => format({ dateStyle: "long", timeStyle: "short" }).format(at)

/** A day with its year: "6 May 2026". */
export const date = (at: number) =>
  format({ day: "numeric", month: "long", year: "numeric" }).format(at)

/** Midnight before a moment, in this computer's time zone. */
export function dayOf(at: number): number {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

/** "Today", "Yesterday" or the date. */
export function day(at: number, now = Date.now()): string {
  const days = Math.round((dayOf(now) - dayOf(at)) / 86_400_000)
  if (days === 0) return m.today()
  if (days === 1) return m.yesterday()
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  const text = format({
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(at)
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
}

/** A moment of the past in few words: the time today, else the day. */
export function brief(at: number, now = Date.now()): string {
  if (dayOf(at) === dayOf(now)) return time(at)
  if (dayOf(now) - dayOf(at) <= 86_400_000) return m.yesterday_at({ time: time(at) })
  return format({ day: "numeric", month: "short" }).format(at)
}

/** "in 3 days", "il y a 5 minutes". */
export function relative(at: number, now = Date.now()): string {
  const seconds = (at - now) / 1000
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ]
  const words = new Intl.RelativeTimeFormat(language.current, { numeric: "auto" })
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit)
  }
  return words.format(Math.round(seconds / 60), "minute")
}
