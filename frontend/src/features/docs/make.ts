import { toast } from "svelte-sonner"
import type { App } from "../../app.svelte"
import { explain } from "../../explain"
import type { Team } from "../../team.svelte"

/** Makes an empty document and opens it. */
export async function newDocument(app: App, team: Team, folder = "", space = ""): Promise<void> {
  try {
    const made = await team.documents.create("", folder, space)
    app.navigation.goDocument(team.workspace, made.id)
  } catch (reason) {
    toast.error(explain(reason))
  }
}
