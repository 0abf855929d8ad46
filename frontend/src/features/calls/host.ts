import { Engine, type FromEngine, type ToEngine } from "./engine"
import opus from "@evan/opus/wasm/opus.wasm?url"
import { script } from "./scripts"
import workerUrl from "./engine.worker.ts?worker&url"

/** Where the engine runs. */
export type EngineHost = {
  post(message: ToEngine, transfer?: Transferable[]): void
  close(): void
}

/** Runs the engine beside the page, or in it where that is not possible. */
export function startEngine(hear: (message: FromEngine) => void): EngineHost {
  const engine = open(hear)
  void fetch(opus)
    .then((answer) => answer.arrayBuffer())
    .then((code) => engine.post({ do: "codec", code }, [code]))
    .catch(() => hear({ is: "failed", what: "sound" }))
  return engine
}

function open(hear: (message: FromEngine) => void): EngineHost {
  let worker: Worker
  try {
    worker = new Worker(script(workerUrl))
  } catch {
    return here(hear)
  }
  worker.onmessage = ({ data }: MessageEvent<FromEngine>) => hear(data)
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    close: () => {
      // It ends by itself when it has taken all before this; nothing is heard of it any more.
      worker.postMessage({ do: "close" } satisfies ToEngine)
      worker.onmessage = ({ data }: MessageEvent<FromEngine>) =>
        data.is === "picture" && !("data" in data.picture) && data.picture.close()
    },
  }
}

function here(hear: (message: FromEngine) => void): EngineHost {
  const engine = new Engine(hear)
  return { post: (message) => engine.take(message), close: () => engine.take({ do: "close" }) }
}
