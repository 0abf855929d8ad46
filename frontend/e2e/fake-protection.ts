import { ApiError } from "../src/transport/transport"
import type { Protection } from "../src/transport/types"
import type { Methods } from "./fake-world"

/** What guards the keys of the program in memory, whose passphrase is "open sesame" at first. */
export class FakeProtection {
  state: Protection = { kind: "keyring", autoLock: 0, from: "", recovery: true, disk: "on" }
  locked = false
  /** Whether there is a keyring that keeps keys. */
  keyring = true
  inCall = false
  #passphrase = "open sesame"
  readonly #told: () => void

  constructor(told: () => void) {
    this.#told = told
  }

  get methods(): Methods {
    return {
      "Settings.Protection": () => this.state,
      "Settings.Active": () => undefined,
      "Settings.Lock": () => this.#lock(),
      "Settings.Unlock": (typed: string) => this.#unlock(typed),
      "Settings.SetAutoLock": (autoLock: number) => this.#set({ autoLock }),
      "Settings.SetPassphrase": ({ old, new: next }: { old: string; new: string }) => {
        if ([...next].length < 8) throw new ApiError("invalid", "too short")
        this.#open(old)
        this.#passphrase = next
        this.#set({ kind: "passphrase" })
      },
      "Settings.UseKeyring": (old: string) => {
        this.#open(old)
        if (!this.keyring) throw new ApiError("invalid", "no keyring")
        this.#set({ kind: "keyring", autoLock: 0 })
      },
    }
  }

  #set(change: Partial<Protection>) {
    this.state = { ...this.state, ...change }
    this.#told()
  }

  #open(typed: string) {
    const asked = ["passphrase", "recovery"].includes(this.state.kind)
    if (asked && typed !== this.#passphrase) throw new ApiError("refused", "wrong passphrase")
  }

  #lock() {
    if (this.inCall) throw new ApiError("invalid", "a call goes on")
    this.locked = true
    this.#told()
  }

  #unlock(typed: string) {
    if (this.state.kind === "keyring") throw new ApiError("locked", "the keyring is silent")
    this.#open(typed)
    this.locked = false
  }
}
