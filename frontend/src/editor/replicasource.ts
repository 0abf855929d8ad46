/** Who an actor of a document belongs to. */
export interface Author {
  /** Actor of the document, 16 bytes in hex. */
  actor: string
  person: string
  device: string
}

/** A lease of one replica: only its holder may write under its actor. */
export interface Session {
  /** Secret of this lease; goes with every call. */
  token: string
  /** Number of the lease, 0 to 65535. */
  session: number
  actor: string
  /** Heads that the program holds, in hex. */
  heads: readonly string[]
  readOnly: boolean
  people: readonly Author[]
}

/** A picture of the text that is shown before the document is loaded. */
export interface Paint {
  heads: readonly string[]
  /** ProseMirror JSON of the document; from the program also its `{ spans }`, as the engine has them. */
  doc: unknown
}

/** Where somebody else's cursor is. Anchors are cursors of Automerge. */
export interface CursorEvent {
  person: string
  device: string
  session: number
  anchor: string
  head: string
  gone: boolean
}

/** What a source tells while it is open. */
export interface SourceEvents {
  /** Changes from elsewhere, complete and in causal order. Own changes may be among them. */
  changes(changes: readonly Uint8Array[]): void
  cursor(event: CursorEvent): void
  /** The program can be reached again after it could not, or it restarted: resume. */
  reconnected(): void
  /** The history was rebuilt: what is held here may no longer be in it. */
  reload(): void
}

/**
 * The way of a replica to the program. Every promise rejects while the program cannot be reached;
 * the replica keeps what it has to send and tries again after `reconnected`.
 */
export interface Source {
  open(): Promise<Session>
  /** The same session after a reconnect. Rejects with `SessionTaken` when it is lost. */
  resume(session: Session): Promise<Session>
  /** The document as one file of Automerge. */
  content(session: Session): Promise<Uint8Array>
  /** The picture of an earlier time, or null. */
  paint(): Promise<Paint | null>
  /** Keeps a picture. Failures are of no consequence. */
  putPaint(paint: Paint): Promise<void>
  /** Keeps a file of Automerge that covers `heads`. Failures are of no consequence. */
  putSnapshot(heads: readonly string[], file: Uint8Array): Promise<void>
  /** Resolves once the changes are stored. Rejects with `SessionTaken` when the lease is lost. */
  apply(session: Session, changes: readonly Uint8Array[]): Promise<void>
  /** Shows the own cursor to others; empty strings take it away. */
  cursor(session: Session, anchor: string, head: string): void
  /** Changes that the engine of the page refuses. */
  report(session: Session, changes: readonly Uint8Array[], reason: string): void
  close(session: Session): void
  /** Subscribes; returns the cancel. */
  listen(events: SourceEvents): () => void
}

/** The lease of a session is gone; what it has not sent must be made anew under another one. */
export class SessionTaken extends Error {
  override name = "SessionTaken"
}
