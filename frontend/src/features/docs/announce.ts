import { toast } from "svelte-sonner"
import type { App } from "../../app.svelte"
import { m } from "../../paraglide/messages.js"
import type { Team } from "../../team.svelte"
import { titleOf } from "./documents.svelte"

/** Tells of comments that name the own person, unless they are being looked at. */
export function announceMentions(app: App, team: Team): () => void {
  return team.documents.onMention(({ doc, comment, author, text }) => {
    const { navigation } = app
    if (navigation.document === doc.id && navigation.side?.name === "comments") return
    toast(m.docs_mentioned({ name: team.people.name(author), title: titleOf(doc) }), {
      id: `${doc.id} ${comment}`,
      description: text.slice(0, 120),
      duration: 10_000,
      action: {
        label: m.open(),
        onClick: () => navigation.goDocument(doc.workspace, doc.id, comment),
      },
    })
  })
}
