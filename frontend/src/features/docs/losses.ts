import { m } from "../../paraglide/messages.js"
import type { DocLoss } from "../../transport/types"

/** What did not make it from one side to the other, by the codes of the program. */
const sentences: Record<string, (inputs: { count: number }) => string> = {
  align: m.docs_loss_align,
  author: m.docs_loss_author,
  chart: m.docs_loss_chart,
  code: m.docs_loss_code,
  color: m.docs_loss_color,
  comment: m.docs_loss_comment,
  contents: m.docs_loss_contents,
  drawing: m.docs_loss_drawing,
  embedded: m.docs_loss_embedded,
  field: m.docs_loss_field,
  font: m.docs_loss_font,
  footnote: m.docs_loss_footnote,
  form: m.docs_loss_form,
  formula: m.docs_loss_formula,
  frontMatter: m.docs_loss_front_matter,
  header: m.docs_loss_header,
  heading: m.docs_loss_heading,
  history: m.docs_loss_history,
  image: m.docs_loss_image,
  imageFormat: m.docs_loss_image_format,
  indent: m.docs_loss_indent,
  link: m.docs_loss_link,
  list: m.docs_loss_list,
  macro: m.docs_loss_macro,
  mark: m.docs_loss_mark,
  media: m.docs_loss_media,
  merged: m.docs_loss_merged,
  nested: m.docs_loss_nested,
  page: m.docs_loss_page,
  pageBreak: m.docs_loss_page_break,
  rule: m.docs_loss_rule,
  section: m.docs_loss_section,
  suggestion: m.docs_loss_suggestion,
  table: m.docs_loss_table,
  task: m.docs_loss_task,
  underline: m.docs_loss_underline,
  unknown: m.docs_loss_unknown,
}

/** A loss in a sentence. A code that is not known here is named as it is. */
export function lossText({ what, count }: DocLoss): string {
  return sentences[what]?.({ count }) ?? m.docs_loss_other({ what, count })
}
