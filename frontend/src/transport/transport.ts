import type { EventMap } from "./types"

/** What went wrong, as the program says it. `code` decides, `message` is a sentence. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = "ApiError"
  }
}

/** The events of the program, and one of the carrier itself. */
export type Events = { [K in keyof EventMap]-?: NonNullable<EventMap[K]> } & {
  /** The way to the program was lost, or is there again. */
  transport: { state: "open" | "lost" }
}

/** Carries calls to the program and events from it. */
export interface Transport {
  /** Rejects with an ApiError. */
  call(method: string, args: unknown[]): Promise<unknown>
  /** Returns the function that ends the subscription. */
  on<K extends keyof Events>(event: K, listener: (data: Events[K]) => void): () => void
}

/** The bound methods of one Go struct, typed by the generated declarations. */
export function service<S extends object>(transport: Transport, name: string): S {
  return new Proxy({} as S, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        transport.call(`${name}.${String(method)}`, args),
  })
}

/** Makes an ApiError of whatever a carrier rejected with. */
export function apiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) return reason
  const text = reason instanceof Error ? reason.message : reason
  const value = typeof text === "string" ? parsed(text) : text
  if (typeof value === "object" && value !== null && "code" in value) {
    const message = "message" in value ? String(value.message) : ""
    return new ApiError(String(value.code), message)
  }
  return new ApiError("internal", String(text))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
