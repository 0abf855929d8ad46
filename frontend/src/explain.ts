import { m } from "./paraglide/messages.js"
import { getLocale } from "./paraglide/runtime.js"
import { apiError } from "./transport/transport"

/** One sentence with a remedy, in the user's language, for whatever was rejected. */
export function explain(reason: unknown): string {
  const error = apiError(reason)
  switch (error.code) {
    case "link-broken":
      return m.error_link_broken()
    case "link-expired":
      return m.error_link_expired()
    case "link-used":
      return m.error_link_used()
    case "link-revoked":
      return m.error_link_revoked()
    case "link-newer":
      return m.error_link_newer()
    case "is-invitation":
      return m.device_error_invitation()
    case "is-device-link":
      return m.join_device_link()
    case "is-setup-code":
      return m.error_is_setup()
    case "paper-unsaved":
      return m.error_paper_unsaved()
    case "paper-wrong":
      return getLocale() === "en" && error.message ? error.message : m.error_paper_wrong()
    case "passphrase":
      return m.error_passphrase_file()
    case "consent":
      return m.error_consent()
    case "comparing":
      return m.error_comparing()
    case "resting":
      return m.error_resting()
    case "unverified":
      return getLocale() === "en" && error.message ? error.message : m.error_unverified()
    case "locked":
      return m.error_locked()
    case "disk-full":
      return m.error_disk_full()
    case "offline":
      return m.error_offline()
    case "timeout":
      return m.error_timeout()
  }
  // The program's own sentence knows more, but it is English.
  if (getLocale() === "en" && error.message && error.code !== "internal") return error.message
  switch (error.code) {
    case "invalid":
      return m.error_invalid()
    case "not-found":
      return m.error_not_found()
    case "refused":
      return m.error_refused()
    default:
      return m.error_internal()
  }
}
