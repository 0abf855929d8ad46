import { ringMemory } from "./ring"
import { script } from "./scripts"
import workletUrl from "./sound.worklet.ts?worker&url"

const rate = 48_000
/** Milliseconds. */
const meterEvery = 80

/** The sound of this page: the microphone on its way out, the others on theirs in. */
export class Sound {
  readonly #metered: (level: number) => void
  #context: AudioContext | undefined
  #loaded: Promise<void> | undefined
  #microphone: AudioNode[] = []
  #speaker: AudioNode | undefined
  #source: AudioNode | undefined
  #film: AudioWorkletNode | undefined
  #meter: ReturnType<typeof setInterval> | undefined
  #sink = ""

  constructor(metered: (level: number) => void) {
    this.#metered = metered
  }

  /** Hears a stream; its packets come through the port. */
  async microphone(stream: MediaStream): Promise<MessagePort> {
    const context = await this.#open()
    this.endMicrophone()
    const source = context.createMediaStreamSource(stream)
    const meter = context.createAnalyser()
    meter.fftSize = 1024
    const packets = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 })
    const { port1, port2 } = new MessageChannel()
    packets.port.postMessage(port1, [port1])
    source.connect(meter)
    source.connect(packets)
    this.#microphone = [source, meter, packets]
    this.#source = source
    if (this.#film) source.connect(this.#film)
    const samples = new Float32Array(meter.fftSize)
    this.#meter = setInterval(() => {
      meter.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      this.#metered(loudness(Math.sqrt(sum / samples.length)))
    }, meterEvery)
    return port2
  }

  endMicrophone() {
    clearInterval(this.#meter)
    for (const node of this.#microphone) node.disconnect()
    this.#microphone = []
    this.#source = undefined
  }

  /** Plays what is written into the memory, or what comes through the port where none can be shared. */
  async speaker(): Promise<SharedArrayBuffer | MessagePort> {
    const context = await this.#open()
    this.#speaker?.disconnect()
    const node = new AudioWorkletNode(context, "speaker", {
      numberOfInputs: 0,
      numberOfOutputs: 2,
      outputChannelCount: [2, 1],
    })
    node.connect(context.destination, 0)
    if (this.#film) node.connect(this.#film, 1)
    this.#speaker = node
    const memory = ringMemory()
    if (memory) {
      node.port.postMessage(memory)
      return memory
    }
    const { port1, port2 } = new MessageChannel()
    node.port.postMessage(port1, [port1])
    return port2
  }

  /** Gives what the microphone hears and those who are recorded say, until the returned function is called. */
  async record(hear: (samples: Float32Array<ArrayBuffer>) => void): Promise<() => void> {
    const context = await this.#open()
    const node = new AudioWorkletNode(context, "microphone", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    })
    const { port1, port2 } = new MessageChannel()
    node.port.postMessage(port1, [port1])
    port2.onmessage = ({ data }) => hear(data as Float32Array<ArrayBuffer>)
    this.#film = node
    this.#speaker?.connect(node, 1)
    this.#source?.connect(node)
    return () => {
      port2.close()
      this.#speaker?.disconnect(node)
      this.#source?.disconnect(node)
      this.#film = undefined
    }
  }

  /** Plays on a loudspeaker; the empty one is the system's. False where it cannot be chosen. */
  async sink(id: string): Promise<boolean> {
    this.#sink = id
    const context = this.#context as Sinkable | undefined
    return (await context?.setSinkId?.(id).then(...whether)) ?? false
  }

  close() {
    this.endMicrophone()
    this.#speaker?.disconnect()
    this.#speaker = undefined
    void this.#context?.close().catch(() => {})
    this.#context = undefined
    this.#loaded = undefined
  }

  async #open(): Promise<AudioContext> {
    const context = (this.#context ??= new AudioContext({
      sampleRate: rate,
      latencyHint: "interactive",
    }))
    this.#loaded ??= context.audioWorklet.addModule(script(workletUrl))
    await this.#loaded
    if (this.#sink) void this.sink(this.#sink)
    void context.resume().catch(() => {})
    if (context.state === "suspended") onGesture(() => void context.resume().catch(() => {}))
    return context
  }
}

type Sinkable = AudioContext & { setSinkId?: (id: string) => Promise<void> }

/** Whether the loudspeaker can be chosen. */
export const canSink = () =>
  typeof AudioContext !== "undefined" && "setSinkId" in AudioContext.prototype

const whether = [() => true, () => false] as const

/** A page that nobody has touched yet may be refused to play: the first touch lets it. */
function onGesture(act: () => void) {
  const events = ["pointerdown", "keydown"] as const
  const once = () => {
    for (const event of events) removeEventListener(event, once, true)
    act()
  }
  for (const event of events) addEventListener(event, once, true)
}

/** How loud a level seems, 0 to 1: from -60 dB, which is nothing, to -6 dB. */
export function loudness(level: number): number {
  if (level <= 0) return 0
  return Math.min(1, Math.max(0, (20 * Math.log10(level) + 60) / 54))
}
