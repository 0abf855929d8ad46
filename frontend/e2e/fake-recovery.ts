import { ApiError } from "../src/transport/transport"
import type { Recovery } from "../src/transport/types"
import type { Methods } from "./fake-world"

const words =
  "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title"

/** The recovery key and backups of the person in memory. */
export class FakeRecovery {
  state: Recovery = {
    paper: "saved",
    saved: Date.now() - 40 * 86_400_000,
    needed: false,
    backup: 0,
    backupPath: "",
    backupBytes: 0,
    suggested: "/home/ana/Documents/parvis-2026-11-23.age",
    returning: [],
  }

  get methods(): Methods {
    return {
      "Recoveries.Show": () => ({
        words: words.split(" "),
        text: "PARVIS-RECOVERY-KEY-10AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0AL0ALSUYNP7",
        ask: [4, 11, 23],
      }),
      "Recoveries.Confirm": (typed: string) => {
        if (typed !== "year thank worth") throw new ApiError("paper-wrong", "wrong words")
        this.state = { ...this.state, paper: "saved", saved: Date.now(), needed: false }
      },
      "Recoveries.Backup": ({ path }: { path: string }) => {
        this.state = { ...this.state, backup: Date.now(), backupPath: path, backupBytes: 4e6 }
        return {
          path,
          bytes: 4_200_000,
          made: Date.now(),
          workspaces: 1,
          entries: 40,
          envelopes: 2310,
          blocks: 12,
          omitted: 0,
        }
      },
      "Recoveries.Offer": () => ({
        link: `parvis://return#${"abc".repeat(60)}`,
        expires: Date.now() + 86_400_000,
      }),
      "Recoveries.Status": () => this.state,
    }
  }
}
