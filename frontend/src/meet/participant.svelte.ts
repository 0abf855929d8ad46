import { flags, type Message, types } from "./messages"
import { Peer } from "./peer"

const speaking = 0.02

/** How the connection to somebody is. */
export type Connection = "connecting" | "connected" | "interrupted"

/** Somebody who is in the meeting: a member, or another guest. */
export abstract class Participant {
  name = $state("")
  /** A device of a member, or a guest, as the call names it. */
  id = $state("")
  said = $state(0)
  connection = $state<Connection>("connecting")
  sound = $state<MediaStream | undefined>()
  camera = $state<MediaStream | undefined>()
  screen = $state<MediaStream | undefined>()
  speaks = $state(false)

  readonly muted = $derived((this.said & flags.muted) !== 0)
  readonly hand = $derived((this.said & flags.hand) !== 0)
  readonly showsCamera = $derived((this.said & flags.camera) !== 0 && this.camera !== undefined)
  readonly showsScreen = $derived((this.said & flags.screen) !== 0 && this.screen !== undefined)
  abstract readonly guest: boolean
  readonly peer: Peer

  constructor(servers: () => RTCIceServer[]) {
    this.peer = new Peer(servers, {
      send: (message) => this.send(message),
      streams: (sound, camera, screen) => {
        this.sound = sound
        this.camera = camera
        this.screen = screen
      },
      state: (state) => {
        if (state === "connected") this.connection = "connected"
        else if (state === "connecting" || state === "new") this.connection = "connecting"
        else this.connection = "interrupted"
      },
    })
  }

  /** Says something to it, in order. */
  abstract send(message: Message): void

  async take(message: Message) {
    if (message.type === types.status) {
      if (message.text) this.name = message.text
      this.said = message.flags
      return
    }
    await this.peer.take(message)
  }

  /** Looks whether it speaks just now. */
  listen() {
    this.speaks = !this.muted && this.peer.level() > speaking
  }

  close() {
    this.peer.close()
    this.connection = "interrupted"
  }
}
