import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import { apiError } from "../../transport/transport"
import type { Status } from "../../transport/types"

/** What opens Parvis: a passphrase that is chosen now, or the one of before, or the keyring. */
type Way = "fresh" | "passphrase" | "keyring"

/** The page of a Parvis that is locked. Without a field there is nothing to type. */
type Words = { way: Way; title: string; about: string; more: string; field: string; hint: string }

const wayOf = (status: Status | undefined): Way =>
  status?.fresh
    ? "fresh"
    : status?.protection === "keyring" || status?.protection === "recovery"
      ? "keyring"
      : "passphrase"

export function unlockWords(status: Status | undefined): Words {
  const way = wayOf(status)
  const words = status?.recovers ?? false
  switch (way) {
    case "fresh":
      return {
        way,
        title: m.choose_title(),
        about: m.choose_about(),
        more: "",
        field: m.passphrase(),
        hint: m.protection_new_hint(),
      }
    case "keyring":
      return {
        way,
        title: m.unlock_title(),
        about: m.unlock_keyring_about(),
        more: words ? m.unlock_keyring_words() : "",
        field: words ? m.protection_words() : "",
        hint: "",
      }
    case "passphrase":
      return {
        way,
        title: m.unlock_title(),
        about: m.unlock_about(),
        more: words ? m.unlock_words_hint() : "",
        field: m.passphrase(),
        hint: "",
      }
  }
}

/** Why Parvis stays locked, in words. Nothing was typed where only the keyring was asked. */
export function whyNotUnlocked(status: Status | undefined, typed: string, reason: unknown): string {
  const way = wayOf(status)
  if (way === "fresh" || !["refused", "locked"].includes(apiError(reason).code))
    return explain(reason)
  if (way === "keyring") return typed ? m.unlock_words_wrong() : m.unlock_keyring_still()
  return status?.recovers ? m.unlock_wrong_words() : m.unlock_wrong()
}
