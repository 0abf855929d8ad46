import { mend } from "./mend"

/**
 * Recordings that are not saved yet, kept where they outlive the page: a page that is closed or
 * loaded again loses nothing of them.
 */

/** A recording whose page is gone. */
export type LeftFilm = {
  name: string
  read(): Promise<Uint8Array<ArrayBuffer>>
  forget(): Promise<void>
}

type Piece = { data: Uint8Array<ArrayBuffer>; position: number }

type Film = { id: string; name: string; whole: boolean }
type StoredPiece = Piece & { film: string }

/** Milliseconds between two writes. */
const every = 500

const films = "films"
const pieces = "pieces"
const lock = (id: string) => `parvis-film-${id}`

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open("parvis-films", 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore(films, { keyPath: "id" })
      request.result.createObjectStore(pieces, { autoIncrement: true }).createIndex("film", "film")
    }
    request.onsuccess = () => done(request.result)
    request.onerror = () => fail(request.error)
  })
}

/** What of the browser it needs. Without it a recording lasts as long as its page. */
const possible = () => typeof indexedDB !== "undefined" && navigator.locks !== undefined

/** One recording while it is made. */
export class Kept {
  readonly #film: Film
  #base: IDBDatabase | undefined
  #waiting: Piece[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #let = () => {}
  #ended = false

  private constructor(name: string) {
    this.#film = { id: crypto.randomUUID(), name, whole: false }
    // As long as the lock is held the recording has a page, and is offered to no other.
    void navigator.locks.request(
      lock(this.#film.id),
      () => new Promise<void>((done) => (this.#let = done)),
    )
    void open().then(
      (base) => this.#begin(base),
      () => (this.#waiting = []),
    )
  }

  static begin(name: string): Kept | undefined {
    return possible() ? new Kept(name) : undefined
  }

  write(data: Uint8Array<ArrayBuffer>, position: number) {
    if (this.#ended) return
    this.#waiting.push({ data, position })
    this.#timer ??= setTimeout(() => this.#flush(), every)
  }

  /**
   * All of it is written: the page goes, and what was recorded stays. That is kept together with
   * the last pieces or not at all; without it the film is mended.
   */
  seal() {
    this.#film.whole = true
    this.#flush()
  }

  /** It is saved elsewhere, or of no use. */
  forget() {
    this.#ended = true
    clearTimeout(this.#timer)
    const { id } = this.#film
    if (this.#base) erase(this.#base, id)
    this.#base?.close()
    this.#let()
  }

  #begin(base: IDBDatabase) {
    if (this.#ended) return base.close()
    this.#base = base
    this.#flush()
  }

  /** Keeps what waits. */
  #flush() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#base) return
    const waiting = this.#waiting
    this.#waiting = []
    const film = this.#film.id
    this.#change((base) => {
      for (const piece of waiting)
        base.objectStore(pieces).add({ ...piece, film } satisfies StoredPiece)
      base.objectStore(films).put(this.#film)
    })
  }

  #change(act: (transaction: IDBTransaction) => void) {
    try {
      const transaction = this.#base?.transaction([films, pieces], "readwrite")
      if (!transaction) return
      transaction.onerror = (event) => event.preventDefault()
      act(transaction)
      // Without it what is written while the page goes would be undone.
      transaction.commit()
    } catch {
      // The disk is full or the browser keeps nothing: the recording lasts as long as its page.
    }
  }
}

/** The recordings that no page makes any more and that nobody has saved. */
export async function leftFilms(): Promise<LeftFilm[]> {
  if (!possible()) return []
  const base = await open()
  const held = new Set((await navigator.locks.query()).held?.map(({ name }) => name))
  const all = await answer<Film[]>(base.transaction(films).objectStore(films).getAll())
  const left: Film[] = []
  for (const film of all.filter(({ id }) => !held.has(lock(id)))) {
    const store = base.transaction(pieces).objectStore(pieces)
    // Of one that was too short nothing had been written.
    if ((await answer(store.index("film").count(film.id))) > 0) left.push(film)
    else erase(base, film.id)
  }
  return left.map(({ id, name, whole }) => ({
    name,
    forget: async () => erase(base, id),
    async read() {
      const store = base.transaction(pieces).objectStore(pieces)
      const film = joined(await answer<StoredPiece[]>(store.index("film").getAll(id)))
      return whole ? film : mend(film)
    },
  }))
}

/** A file of pieces in the order in which they were written: some are written anew. */
function joined(all: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const size = all.reduce((most, one) => Math.max(most, one.position + one.data.length), 0)
  const file = new Uint8Array(size)
  for (const { data, position } of all) file.set(data, position)
  return file
}

function erase(base: IDBDatabase, film: string) {
  const transaction = base.transaction([films, pieces], "readwrite")
  transaction.objectStore(films).delete(film)
  const store = transaction.objectStore(pieces)
  store.index("film").getAllKeys(film).onsuccess = ({ target }) => {
    for (const key of (target as IDBRequest<IDBValidKey[]>).result) store.delete(key)
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result)
    request.onerror = () => fail(request.error)
  })
}
