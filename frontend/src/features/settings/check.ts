import { m } from "../../paraglide/messages.js"
import { getLocale } from "../../paraglide/runtime.js"
import { list } from "../../transport/services"
import type { Check, Diagnosis } from "../../transport/types"
import { moment } from "./dates"
import { size } from "./network"

type Text = (values: Record<string, string>) => string
const texts = m as unknown as Record<string, Text | undefined>
const key = (name: string) => name.replaceAll("-", "_")

const mebi = 2 ** 20
const scale: Record<string, number> = { MB: mebi, GB: mebi * 1024 }

/** A value of a check in the words of the language: a duration, a size, or as it is. */
function said(value: string): string {
  const bytes = /^([\d.]+) (MB|GB)$/.exec(value)
  if (bytes) return size(Number(bytes[1]) * (scale[bytes[2] ?? ""] ?? 1))
  const time = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(value)
  if (!value || !time) return value
  const parts = (["hour", "minute", "second"] as const).map((unit, index) => {
    const count = Number(time[index + 1] ?? 0)
    const format = { style: "unit", unit, unitDisplay: "short" } as const
    return count > 0 ? new Intl.NumberFormat(getLocale(), format).format(count) : ""
  })
  return (
    parts.filter(Boolean).join(" ") ||
    new Intl.NumberFormat(getLocale(), { style: "unit", unit: "second" }).format(0)
  )
}

/** One line of the network check in the language of the page. */
export type Line = { name: string; result: string; detail: string; remedy: string }

/** Translates a check by its code. What the page does not know yet stays English. */
export function line(check: Check): Line {
  const values = Object.fromEntries(
    list(check.values).map((value, index) => [`v${index}`, said(value)]),
  )
  const say = (text: string, otherwise: string) => texts[text]?.(values) ?? otherwise
  const code = `check_${key(check.code)}`
  return {
    name: say(`check_name_${key(check.name)}`, check.name),
    result: check.result,
    detail: say(code, check.detail),
    remedy: check.remedy && say(`${code}_remedy`, check.remedy),
  }
}

/** The result of a check, in words. */
export function resultName(result: string): string {
  switch (result) {
    case "ok":
      return m.check_result_ok()
    case "warn":
      return m.check_result_warn()
    default:
      return m.check_result_fail()
  }
}

/** All of it in one or two sentences. */
export function summary(lines: Line[]): string {
  const count = (result: string) => lines.filter((line) => line.result === result).length
  const [failed, warned] = [count("fail"), count("warn")]
  return (
    [
      failed > 0 && m.check_failed_count({ count: failed }),
      warned > 0 && m.check_warned_count({ count: warned }),
    ]
      .filter(Boolean)
      .join(" ") || m.check_all_well()
  )
}

/** The whole check as a text, to send to whoever looks after the network. */
export function report(diagnosis: Diagnosis, version: string, at: number): string {
  if (getLocale() === "en") return diagnosis.text
  const lines = list(diagnosis.checks).map(line)
  return [
    m.check_report({ version, time: moment(at) }),
    "",
    ...lines.map(({ name, result, detail, remedy }) =>
      [
        `${resultName(result).toLocaleUpperCase()} – ${name} – ${detail}`,
        remedy && `      ${m.check_what_to_do()} ${remedy}`,
      ]
        .filter(Boolean)
        .join("\n"),
    ),
    "",
  ].join("\n")
}
