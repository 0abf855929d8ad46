/** Runs steps one after another, prints each, and counts. */
export class Report {
  passed = 0
  failed = 0

  async step(name, run) {
    const started = performance.now()
    try {
      await run()
      this.passed++
      console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`)
      return true
    } catch (error) {
      this.failed++
      console.log(
        `FAIL  ${name}\n      ${String(error?.stack ?? error)
          .split("\n")
          .slice(0, 14)
          .join("\n      ")}`,
      )
      return false
    }
  }

  /** The last line of the output; the result is the exit code. */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    return this.failed === 0 ? 0 : 1
  }
}

export function equal(got, want, what) {
  if (got !== want)
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`)
}

export function ok(value, what) {
  if (!value) throw new Error(what)
}
