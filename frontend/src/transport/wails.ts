import { apiError, type Events, type Transport } from "./transport"

type Bound = Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>

declare global {
  interface Window {
    go?: { api: Bound; desktop?: Bound }
    runtime?: {
      EventsOn(event: string, listener: (data: never) => void): () => void
      BrowserOpenURL(url: string): void
      WindowSetTitle(title: string): void
    }
  }
}

/** Calls and events through the bridge that Wails puts into its window. */
export class WailsTransport implements Transport {
  async call(method: string, args: unknown[]): Promise<unknown> {
    const [struct = "", name = ""] = method.split(".")
    const bound = window.go?.api[struct]?.[name]
    // Without this check an unknown method would leave the promise pending for ever.
    if (!bound) throw apiError({ code: "internal", message: `There is no method ${method}.` })
    try {
      return await bound(...args)
    } catch (reason) {
      throw apiError(reason)
    }
  }

  on<K extends keyof Events>(event: K, listener: (data: Events[K]) => void): () => void {
    return window.runtime?.EventsOn(event, listener as (data: never) => void) ?? (() => {})
  }
}
