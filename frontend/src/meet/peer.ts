import type { Message } from "./messages"
import { types, zero } from "./messages"
import { candidateLine, fragmentOf, reply } from "./sdp"

/** What is sent: tracks of this browser, or none. */
export type Tracks = { sound: MediaStreamTrack | undefined; picture: MediaStreamTrack | undefined }

export type PeerEvents = {
  send: (message: Message) => void
  /** What comes, once it is known: sound, camera, screen. */
  streams: (sound: MediaStream, camera: MediaStream, screen: MediaStream) => void
  state: (state: RTCPeerConnectionState) => void
}

/** The tracks of every connection, in the order of their lines (media C1). */
const sound = 0
const picture = 1
const screen = 2

const maxEarly = 64

/**
 * The connection to one participant. Members always offer; of two guests one does. An offer
 * replaces the connection that was.
 */
export class Peer {
  #pc: RTCPeerConnection | undefined
  #early: RTCIceCandidateInit[] = []
  #tracks: Tracks = { sound: undefined, picture: undefined }
  #fragment = ""
  #share = 1

  constructor(
    readonly servers: () => RTCIceServer[],
    readonly events: PeerEvents,
  ) {}

  get connected(): boolean {
    return this.#pc?.connectionState === "connected"
  }

  async take(message: Message) {
    switch (message.type) {
      case types.offer:
        return this.#answer(message.text)
      case types.reply:
        return this.#take(message.text)
      case types.ice:
        return this.#candidate(message.text)
      case types.bye:
        if (message.text === "" || message.text === this.#fragment) this.close()
    }
  }

  /** Sends these from now on. */
  async give(tracks: Tracks) {
    this.#tracks = tracks
    const senders = this.#pc?.getTransceivers().map(({ sender }) => sender) ?? []
    await Promise.all([
      senders[sound]?.replaceTrack(tracks.sound ?? null),
      senders[picture]?.replaceTrack(tracks.picture ?? null),
    ])
  }

  /** Says how many get the same pictures, each over a line of its own. */
  async share(count: number) {
    this.#share = Math.max(1, count)
    await this.#limit()
  }

  /** What the other side says, between 0 and 1. */
  level(): number {
    const receiver = this.#pc?.getTransceivers()[sound]?.receiver
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0
  }

  close() {
    this.#pc?.close()
    this.#pc = undefined
    this.#early = []
  }

  /** Begins a connection, where it is this side that does. */
  async offer() {
    const pc = this.#open()
    const { sound, picture } = this.#tracks
    pc.addTransceiver(sound ?? "audio", { direction: "sendrecv" })
    pc.addTransceiver(picture ?? "video", { direction: "sendrecv" })
    await pc.setLocalDescription(await pc.createOffer())
    if (this.#pc !== pc) return
    const text = pc.localDescription?.sdp ?? ""
    this.events.send({ type: types.offer, text, mark: zero, flags: 0 })
  }

  #open(): RTCPeerConnection {
    this.close()
    const pc = new RTCPeerConnection({ iceServers: this.servers(), bundlePolicy: "max-bundle" })
    this.#pc = pc
    pc.onicecandidate = ({ candidate }) => {
      const own = fragmentOf(pc.localDescription?.sdp ?? "")
      const line = candidate && candidateLine(candidate.candidate, own)
      if (line && this.#pc === pc)
        this.events.send({ type: types.ice, text: line, mark: zero, flags: 0 })
    }
    pc.onconnectionstatechange = () => {
      if (this.#pc === pc) this.events.state(pc.connectionState)
    }
    return pc
  }

  async #answer(offer: string) {
    const pc = this.#open()
    this.#fragment = fragmentOf(offer)
    await pc.setRemoteDescription({ type: "offer", sdp: offer })
    for (const line of pc.getTransceivers().slice(sound, screen)) line.direction = "sendrecv"
    await this.give(this.#tracks)
    const answer = await pc.createAnswer()
    const { sdp, fingerprint } = reply(answer.sdp ?? "", offer)
    if (this.#pc !== pc) return
    this.events.send({ type: types.reply, text: sdp, mark: fingerprint, flags: 0 })
    await pc.setLocalDescription(answer)
    await this.#described(pc)
  }

  /** Takes the answer to the own offer. */
  async #take(answer: string) {
    const pc = this.#pc
    if (pc?.signalingState !== "have-local-offer") return
    this.#fragment = fragmentOf(answer)
    await pc.setRemoteDescription({ type: "answer", sdp: answer })
    await this.#described(pc)
  }

  /** Goes on when both sides have described themselves. */
  async #described(pc: RTCPeerConnection) {
    const lines = pc.getTransceivers()
    const stream = (at: number) => new MediaStream(lines[at] ? [lines[at].receiver.track] : [])
    this.events.streams(stream(sound), stream(picture), stream(screen))
    await this.#limit()
    for (const early of this.#early.splice(0)) await pc.addIceCandidate(early).catch(() => {})
  }

  async #candidate(text: string) {
    const candidate = { candidate: text, sdpMid: null, sdpMLineIndex: 0 }
    if (this.#pc?.signalingState === "stable" && this.#pc.remoteDescription)
      await this.#pc.addIceCandidate(candidate).catch(() => {}) // one that is of no use is left out
    else if (this.#early.length < maxEarly) this.#early.push(candidate)
  }

  /** A line carries so much in all: the more there are, the smaller the picture for each. */
  async #limit() {
    const sender = this.#pc?.getTransceivers()[picture]?.sender
    const parameters = sender?.getParameters()
    const encoding = parameters?.encodings?.[0]
    if (!sender || !parameters || !encoding) return
    encoding.maxBitrate = Math.max(150_000, Math.round(1_500_000 / Math.sqrt(this.#share)))
    encoding.scaleResolutionDownBy = this.#share > 4 ? 2 : 1
    await sender.setParameters(parameters).catch(() => {})
  }
}
