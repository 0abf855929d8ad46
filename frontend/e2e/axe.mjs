import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const grave = ["serious", "critical"]
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
const ofColours = { type: "rule", values: ["color-contrast", "link-in-text-block"] }

/** Throws when a screen reader, a keyboard or weak eyes would meet a serious barrier. */
export const checkAccessibility = (page, where) => check(page, where, rules)

/** Throws when weak eyes would meet a serious barrier: the part that another theme can change. */
export const checkColours = (page, where) => check(page, where, ofColours)

async function check(page, where, runOnly) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(source)
  // Colours are judged when nothing moves any more.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((a) => a.effect?.getTiming().iterations !== Infinity)
        .map((a) => a.finished.catch(() => {})),
    ),
  )
  const violations = await page.evaluate(async (runOnly) => {
    const result = await window.axe.run(document, { runOnly })
    return result.violations.map((v) => ({
      id: v.id,
      impact: v.impact,
      nodes: v.nodes
        .slice(0, 4)
        .map(
          (n) =>
            `${n.html.slice(0, 160)} – ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""}`,
        ),
    }))
  }, runOnly)
  const found = violations.filter((violation) => grave.includes(violation.impact))
  if (process.env.PARVIS_AXE_ALL)
    for (const v of violations) console.log("      axe", where, v.impact, v.id, v.nodes[0])
  if (found.length > 0) throw new Error(`${where}: ${JSON.stringify(found, null, 2)}`)
}
