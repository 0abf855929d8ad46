import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import { getLocale } from "../../paraglide/runtime.js"
import { settingsService } from "../../transport/services"
import { apiError, type Transport } from "../../transport/transport"
import type { Protection as Guards } from "../../transport/types"

/** What guards the keys of this computer, while somebody looks at it. */
export class Protection {
  /** Undefined until it was read once. */
  now = $state.raw<Guards>()
  readonly close: () => void
  readonly #service
  #asked = 0

  constructor(transport: Transport) {
    this.#service = settingsService(transport)
    // A command or another page may change it.
    this.close = transport.on("status", ({ protection }) => {
      if (this.now && this.now.kind !== protection) void this.load().catch(() => undefined)
    })
  }

  /** Reads it anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const now = await this.#service.Protection()
    if (asked === this.#asked) this.now = now
  }

  /** Locks Parvis after so many minutes without use; 0: never. */
  async lockAfter(minutes: number) {
    await this.#service.SetAutoLock(minutes)
    await this.load()
  }

  /** Asks for a passphrase from now on. `old` is what opens Parvis until then, where something does. */
  async usePassphrase(old: string, next: string) {
    await this.#service.SetPassphrase({ old, new: next })
    await this.load()
  }

  /** Lets the system's keyring open Parvis from now on. */
  async useKeyring(old: string) {
    await this.#service.UseKeyring(old)
    await this.load()
  }
}

/** What can be chosen to guard the keys. */
export type Guard = "passphrase" | "keyring"

/** Whether a change asks for what opens Parvis now; `kind` is as in the program's Protection. */
export const asksForOld = (kind: string) => kind === "passphrase" || kind === "recovery"

/** How many characters a passphrase has at least, as the program wants it. */
const shortest = 8

/** What is wrong with a new passphrase that was typed twice, in words; empty: nothing. */
export function flawOf(next: string, again: string): string {
  if ([...next].length < shortest) return m.choose_short()
  return next === again ? "" : m.choose_differ()
}

/** Why a change was refused, and whether what was typed to open Parvis is the reason. */
export type Refusal = { old: boolean; text: string }

export function refusalOf(guard: Guard, kind: string, reason: unknown): Refusal {
  const { code } = apiError(reason)
  switch (code) {
    case "refused":
    case "locked":
      return {
        old: true,
        text: kind === "recovery" ? m.protection_words_wrong() : m.protection_old_wrong(),
      }
    case "paper-wrong":
      return { old: true, text: explain(reason) }
    case "invalid":
      return {
        old: false,
        text: guard === "keyring" ? m.protection_no_keyring() : m.choose_short(),
      }
  }
  return { old: false, text: explain(reason) }
}

/** Why Parvis was not locked, in words. */
export const whyNotLocked = (reason: unknown) =>
  apiError(reason).code === "invalid" ? m.lock_in_call() : explain(reason)

/** After how many minutes without use Parvis may lock itself; 0: never. */
const times = [0, 1, 5, 15, 30, 60, 240]

/** What can be chosen, with what a command may have chosen. */
export function lockTimes(chosen: number): { value: number; label: string }[] {
  return [...new Set([...times, chosen])]
    .sort((a, b) => a - b)
    .map((value) => ({
      value,
      label: value ? m.lock_auto_after({ time: span(value) }) : m.lock_auto_never(),
    }))
}

/** A time in minutes, in words. */
function span(minutes: number): string {
  const say = (count: number, unit: "hour" | "minute") =>
    new Intl.NumberFormat(getLocale(), { style: "unit", unit, unitDisplay: "long" }).format(count)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [hours && say(hours, "hour"), rest && say(rest, "minute")].filter(Boolean).join(" ")
}

/** What guards the keys, in words. */
export function guardWords(kind: string): { name: string; about: string } {
  switch (kind) {
    case "keyring":
      return { name: m.protection_kind_keyring(), about: m.protection_keyring() }
    case "passphrase":
      return { name: m.protection_kind_passphrase(), about: m.protection_passphrase() }
    case "recovery":
      return { name: m.protection_kind_recovery(), about: m.protection_recovery() }
  }
  return { name: m.protection_kind_none(), about: m.protection_none() }
}

/** Whether the system encrypts the disk, in words, and what to do about it. */
export function diskWords(disk: string): { about: string; advice: string } {
  switch (disk) {
    case "on":
      return { about: m.check_encryption_on(), advice: "" }
    case "off":
      return { about: m.check_encryption_off(), advice: m.check_encryption_off_remedy() }
  }
  return { about: m.check_encryption_unknown(), advice: m.check_encryption_unknown_remedy() }
}

/** Whether the recovery key opens Parvis here, in words; `paper` is as in Recovery. */
export function recoveryWords(opens: boolean, paper: string | undefined): string {
  if (opens) return m.protection_recovery_opens()
  switch (paper) {
    case "saved":
      return m.protection_recovery_elsewhere()
    case "elsewhere":
      return m.recovery_key_elsewhere()
    case "unsaved":
      return m.recovery_key_unsaved()
  }
  return m.recovery_key_none()
}
