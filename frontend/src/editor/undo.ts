import { closeHistory, redo, undo } from "prosemirror-history"
import { Plugin, type Command, type Transaction } from "prosemirror-state"

const key = "parvis.own-step"

/** Lets undo take this change back alone: neither with what was typed before nor with what follows. */
export const ownStep = (tr: Transaction): Transaction => closeHistory(tr).setMeta(key, true)

/**
 * Ends steps of undo that stand alone, and answers the undo and redo of the engine's own menus: what
 * the engine itself would take back is not what the person did.
 */
export const undoSteps = (): Plugin =>
  new Plugin({
    appendTransaction: (trs, _before, state) =>
      trs.some((tr) => tr.getMeta(key) === true) ? closeHistory(state.tr) : null,
    props: {
      handleDOMEvents: {
        beforeinput(view, event) {
          const command = commands[event.inputType]
          if (!command) return false
          event.preventDefault()
          command(view.state, view.dispatch, view)
          return true
        },
      },
    },
  })

const commands: Readonly<Record<string, Command>> = { historyUndo: undo, historyRedo: redo }
