import { Engine, type ToEngine } from "./engine"

type Scope = {
  onmessage: ((event: MessageEvent<ToEngine>) => void) | null
  postMessage(message: unknown, transfer?: Transferable[]): void
  close(): void
}
/** Milliseconds that the goodbye of the line to the program may take. */
const goodbye = 1000
const scope = globalThis as unknown as Scope
const engine = new Engine((message, transfer) => scope.postMessage(message, transfer ?? []))
scope.onmessage = ({ data }) => {
  engine.take(data)
  // It ends itself: whoever ended it from outside would lose pictures that are on their way to it,
  // and nobody would close them.
  if (data.do === "close") setTimeout(() => scope.close(), goodbye)
}
