import { Plugin, PluginKey, type EditorState, type Transaction } from "prosemirror-state"
import type { Step } from "prosemirror-transform"
import type { EditorView } from "prosemirror-view"
import type { Binding, Surface } from "./binding"
import { isRemote } from "./origin"

/** A step of a person that the engine does not know yet. */
export interface Pending {
  step: Step
  inverted: Step
}

const key = new PluginKey<readonly Pending[]>("replica")

/** The steps that were made since the engine was last told. */
export const pendingSteps = (state: EditorState): readonly Pending[] => key.getState(state) ?? []

/** Makes a view go on with the steps that another one of the same document has left unwritten. */
export function goOn(view: Pick<EditorView, "state" | "dispatch">, left: EditorState): void {
  const steps = pendingSteps(left)
  if (steps.length > 0) view.dispatch(view.state.tr.setMeta(key, steps))
}

/** Keeps a state that no view shows any more, with what waits to be written in it. */
export function unseen(state: EditorState): Surface {
  return {
    get state() {
      return state
    },
    dispatch(tr) {
      state = state.apply(tr)
    },
  }
}

/** Follows an editor: what it does, and where its selection is. */
export function follow(binding: Binding, changed: () => void, selected: () => void): Plugin {
  return new Plugin({
    key,
    state: {
      init: (): readonly Pending[] => [],
      apply(tr, pending, old): readonly Pending[] {
        const left = tr.getMeta(key) as readonly Pending[] | undefined
        if (left) return left
        if (!tr.docChanged || isRemote(tr)) return pending
        const before = old.doc === binding.shadow ? [] : pending
        return [
          ...before,
          ...tr.steps.map((step, at) => ({
            step,
            inverted: step.invert(tr.docs[at] ?? tr.before),
          })),
        ]
      },
    },
    view: () => ({
      update: (view, before) => {
        if (view.state.doc !== before.doc) changed()
        if (!view.state.selection.eq(before.selection)) selected()
      },
    }),
  })
}

/** Tells a mapping that one step takes back another; the types of the library do not show it. */
const mirrored = (mapping: unknown) =>
  mapping as { setMirror: (step: number, mirror: number) => void }

/**
 * Puts what came from elsewhere under a person's pending steps: takes them back, runs `over`, and
 * does them again where they still fit.
 */
export function rebase(tr: Transaction, pending: readonly Pending[], over: () => void): void {
  for (const { inverted } of [...pending].reverse()) tr.step(inverted)
  over()
  let from = pending.length
  for (const { step } of pending) {
    const mapped = step.map(tr.mapping.slice(from))
    from--
    if (!mapped || tr.maybeStep(mapped).failed !== null) continue
    mirrored(tr.mapping).setMirror(from, tr.steps.length - 1)
  }
  tr.setMeta("rebased", pending.length)
}
