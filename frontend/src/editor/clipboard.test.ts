import type { Slice } from "prosemirror-model"
import { EditorState, TextSelection } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { clipboard, ClipboardParser, clipboardSerializer, fileOf } from "./clipboard"
import { readColor } from "./clipboard-colors"
import { inert } from "./clipboard-inert"
import { declarations } from "./clipboard-looks"
import { Uploads, uploadMarks } from "./images-upload"
import { schema } from "./schema"
import type { Notice } from "./state"
import { tableIds } from "./tables"
import { d, MemoryImages, MemoryNotes, p, shape } from "./testing"

const { footnote, paragraph } = schema.nodes

function read(html: string): { slice: Slice; parser: ClipboardParser } {
  const parser = new ClipboardParser()
  const dom = new DOMParser().parseFromString(html, "text/html").body
  return { slice: parser.parseSlice(dom), parser }
}

const pasted = (html: string) => read(html).slice.content.content.map(shape).join(" ")

test("what a schema does not know is dropped, with its code", () => {
  expect(
    pasted(
      `<p onclick="x()">a<script>alert(1)</script><style>p{}</style><iframe></iframe>` +
        `<a href="javascript:alert(1)">b</a><svg><text>no</text></svg><button>no</button></p>`,
    ),
  ).toBe("paragraph(ab)")
})

test("marks, colours and alignment are read from styles", () => {
  expect(
    pasted(
      `<p style="text-align: right"><span style="font-weight:700">a</span><span style="font-style:italic">b</span>` +
        `<span style="text-decoration:underline line-through">c</span><span style="color:#c00">d</span>` +
        `<span style="background-color: rgb(255, 243, 163)">e</span><span style="color:#000000">f</span></p>`,
    ),
  ).toBe(
    "paragraph([strong: a][em: b][underline strike: c][color=#cc0000: d][highlight=#fff3a3: e]f)",
  )
  expect(read(`<h2 style="text-align:center">x</h2>`).slice.content.firstChild?.attrs.align).toBe(
    "center",
  )
})

test("Google Docs: the bold that is none, and lists beside their items", () => {
  expect(
    pasted(
      `<b style="font-weight:normal;" id="docs-internal-guid-1"><p><span style="font-weight:400">plain</span>` +
        `<span style="font-weight:700">bold</span></p>` +
        `<ul><li aria-level="1"><p>one</p></li><ul><li aria-level="2"><p>two</p></li></ul></ul>` +
        `<ul><li role="checkbox" aria-checked="true"><img src="data:image/png;base64,AAAA"><p>done</p></li></ul></b>`,
    ),
  ).toBe(
    "paragraph(plain[strong: bold]) bullet_list(list_item(paragraph(one) bullet_list(list_item(paragraph(two))))) " +
      "task_list(task_item!(paragraph(done)))",
  )
})

test("Word: paragraphs that look like lists become lists", () => {
  const item = (level: number, sign: string, text: string) =>
    `<p class=MsoListParagraph style='mso-list:l0 level${String(level)} lfo1'>` +
    `<![if !supportLists]><span style='mso-list:Ignore'>${sign}<span>&nbsp; </span></span><![endif]>${text}<o:p></o:p></p>`
  expect(
    pasted(
      `<p class=MsoTitle>Title</p>${item(1, "·", "one")}${item(2, "o", "two")}${item(1, "·", "three")}` +
        `<p class=MsoNormal>between</p>${item(1, "1.", "first")}${item(1, "2.", "second")}`,
    ),
  ).toBe(
    "heading1(Title) bullet_list(list_item(paragraph(one) bullet_list(list_item(paragraph(two)))) list_item(paragraph(three))) " +
      "paragraph(between) ordered_list(list_item(paragraph(first)) list_item(paragraph(second)))",
  )
})

test("LibreOffice and GitHub: headings, code, tasks", () => {
  expect(
    pasted(
      `<h5>deep</h5><pre class="language-go"><code>a\n  b</code></pre>` +
        `<ul><li><input type="checkbox" checked> done</li><li>open</li></ul>`,
    ),
  ).toBe(
    "heading4(deep) code_block(a\n  b) task_list(task_item!(paragraph(done)) task_item(paragraph(open)))",
  )
})

test("tables lose their spans and nesting, never a text", () => {
  expect(
    pasted(
      `<table><caption>About</caption><tr><th colspan="2">head</th></tr><tr><td rowspan="2">a</td><td>b</td></tr>` +
        `<tr><td><table><tr><td>in</td><td>side</td></tr></table></td></tr></table>`,
    ),
  ).toBe(
    "paragraph(About) table(table_row(table_header(paragraph(head)) table_cell(paragraph())) " +
      "table_row(table_cell(paragraph(a)) table_cell(paragraph(b))) " +
      "table_row(table_cell(paragraph()) table_cell(paragraph(in) paragraph(side))))",
  )
})

test("images of other computers are counted, those inside the paste kept aside", () => {
  const { slice, parser } = read(
    `<p>a<img src="https://spy.example/x.png"><img src="data:image/png;base64,iVBORw0KGgo=" alt="Dot">` +
      `<img src="data:image/svg+xml;base64,AAAA"><img src="file:///x.png"><img data-file="0af3" src="x"></p>`,
  )
  const found = parser.take()
  expect(found.remote).toBe(3)
  expect(found.images).toEqual([{ data: "data:image/png;base64,iVBORw0KGgo=", name: "Dot" }])
  const files: unknown[] = []
  slice.content.descendants((node) => {
    if (node.type.name === "image") files.push(node.attrs.file)
  })
  expect(files).toEqual(["pasted:0", "0af3"])
  expect(parser.take()).toEqual({ images: [], remote: 0 })
})

test("data: addresses become files, and nothing else does", async () => {
  const file = fileOf({ data: "data:image/png;base64,iVBORw0KGgo=", name: "a/b" })
  expect([file?.name, file?.type, file?.size]).toEqual(["a b.png", "image/png", 8])
  expect(fileOf({ data: "data:text/html;base64,AAAA", name: "" })).toBeNull()
  expect(fileOf({ data: "data:image/png;base64,%%%", name: "" })).toBeNull()
  expect((await file?.arrayBuffer())?.byteLength).toBe(8)
})

test("copied text carries colours that others understand, and no comment or proposal", () => {
  const { color, comment, suggestion } = schema.marks
  const text = schema.text("a", [
    color.create({ color: "#c4261d" }),
    comment.create({ id: "aaaaaaaaaa" }),
    suggestion.create({ id: "b", kind: "insert" }),
  ])
  const box = document.createElement("div")
  const doc = d(paragraph.create({ align: "center" }, text))
  clipboardSerializer().serializeFragment(doc.content, { document }, box)
  expect(box.innerHTML.replaceAll(" ", "")).toMatch(
    /^<pstyle="text-align:center;?"><spanstyle="color:#c4261d;?">a<\/span><\/p>$/,
  )
})

function open(known: string[] = []) {
  const notes = new MemoryNotes()
  const images = new MemoryImages()
  const notices: Notice[] = []
  const doc = d(p("x"))
  const view = new EditorView(document.body.appendChild(document.createElement("div")), {
    state: EditorState.create({
      doc,
      selection: TextSelection.create(doc, 2),
      plugins: [
        clipboard({
          uploads: new Uploads(images, (notice) => notices.push(notice)),
          images,
          notes,
          footnotes: () => known,
          notice: (notice) => notices.push(notice),
        }),
        uploadMarks(),
        tableIds(),
      ],
    }),
  })
  return { view, notes, images, notices }
}

test("a pasted image stands in the text once it is stored", async () => {
  const { view, notices } = open()
  view.pasteHTML(
    `<p>see <img src="data:image/png;base64,iVBORw0KGgo=" alt="Dot"> here <img src="https://x.example/a.png"></p>`,
    new ClipboardEvent("paste"),
  )
  expect(shape(view.state.doc)).toBe("paragraph(xsee  here)")
  expect(view.dom.querySelectorAll(".image-waiting").length).toBe(1)
  expect(notices).toEqual([{ kind: "remote-images", count: 1 }])
  await expect.poll(() => shape(view.state.doc)).toBe("paragraph(xsee image() here)")
  expect(view.dom.querySelectorAll(".image-waiting").length).toBe(0)
})

test("an image that cannot be stored leaves the text as it was, and says so", async () => {
  const { view, images, notices } = open()
  images.refuse = new Error("disk full")
  view.pasteHTML(`<img src="data:image/png;base64,iVBORw0KGgo=">`, new ClipboardEvent("paste"))
  await expect
    .poll(() => notices[0])
    .toMatchObject({ kind: "image-refused", reason: images.refuse })
  expect(shape(view.state.doc)).toBe("paragraph(x)")
  expect(view.dom.querySelectorAll(".image-waiting").length).toBe(0)
})

test("a footnote beside the one it was copied from has a text of its own", () => {
  const { view, notes } = open(["aaaaaaaaaa"])
  notes.others("aaaaaaaaaa", "the note")
  view.pasteHTML(
    `<p>a<sup data-footnote="aaaaaaaaaa">1</sup><sup data-footnote="bbbbbbbbbb">2</sup></p>`,
    new ClipboardEvent("paste"),
  )
  const ids: string[] = []
  view.state.doc.descendants((node) => {
    if (node.type === footnote) ids.push(node.attrs.id as string)
  })
  expect(ids[1]).toBe("bbbbbbbbbb")
  expect(ids[0]).not.toBe("aaaaaaaaaa")
  expect(notes.read(ids[0] ?? "").textContent).toBe("the note")
})

test("a pasted table is named", () => {
  const { view } = open()
  view.pasteHTML(`<table><tr><td>1</td><td>2</td></tr></table>`, new ClipboardEvent("paste"))
  const table = view.state.doc.children.find((node) => node.type.name === "table")
  expect(table?.attrs.id).toMatch(/^[a-z2-7]{10}$/)
  expect(table?.firstChild?.attrs.id).toMatch(/^[a-z2-7]{10}$/)
})

test("pasted HTML is made inert before it is parsed", () => {
  expect(inert(`<p style="color:red" onclick='x("<b style=a>")' class=a>a &lt; b<br/></p>`)).toBe(
    `<p data-style="color:red" data-gone='x("<b style=a>")' class=a>a &lt; b<br/></p>`,
  )
  expect(inert(`<STYLE type="text/css">p > a {}</style><B STYLE=color:red>1 < 2</B>`)).toBe(
    `<B data-style=color:red>1 < 2</B>`,
  )
  for (const same of [
    `a < b`,
    `<!-- <p style="x"> -->`,
    `<![if !x]>`,
    `<p style`,
    `<`,
    `<p title="`,
  ])
    expect(inert(same).replace("data-style", "style")).toBe(same)
  expect(inert(`<!--[if gte mso 9]><xml style="a"/><![endif]--><i style='b'>`)).toBe(
    `<!--[if gte mso 9]><xml style="a"/><![endif]--><i data-style='b'>`,
  )
})

test("styles are read without the engine", () => {
  expect([
    ...declarations(`Color: RED !important; background:url("a;b") #FF0; x; ;font-weight:700`),
  ]).toEqual([
    ["color", "red"],
    ["background", `url("a;b") #ff0`],
    ["font-weight", "700"],
  ])
})

test.each([
  ["#c00", "#cc0000"],
  ["#FFAA0080", "#ffd47f"],
  ["rgb(255, 0, 0)", "#ff0000"],
  ["rgba(0,0,0,0.5)", "#808080"],
  ["rgb(0 128 0 / 100%)", "#008000"],
  ["Yellow", "#ffff00"],
  ["transparent", null],
  ["windowtext", null],
  ["rgba(1,2,3,0)", null],
  ["url(x)", null],
])("the colour %s is %s", (css, expected) => {
  expect(readColor(css)).toBe(expected)
})

test("looks are decided for each text from all around it", () => {
  expect(pasted(`<b><p>a<span style="font-weight:normal">b</span></p></b>`)).toBe(
    "paragraph([strong: a]b)",
  )
  expect(
    pasted(
      `<p style="color:red">a<span style="color:#000">b</span><font color="#00f">c</font></p>`,
    ),
  ).toBe("paragraph([color=#ff0000: a]b[color=#0000ff: c])")
  expect(
    pasted(
      `<p><a href="https://a.example" style="color:#00f;text-decoration:underline"><u>a</u></a></p>`,
    ),
  ).toBe("paragraph([link=https://a.example: a])")
  expect(pasted(`<h2 style="font-weight:700">a</h2>`)).toBe("heading2(a)")
  expect(pasted(`<p><code style="background:#eef">a</code></p>`)).toBe("paragraph([code: a])")
  expect(pasted(`<div style="background:#ffc"><p>a</p></div>`)).toBe("paragraph(a)")
})

test("Word: bold and colours by style, alignment, highlighting by name", () => {
  const { slice } = read(
    `<p class=MsoNormal align=center style='text-align:center'><span style='font-weight:bold'>a</span></p>` +
      `<p class=MsoNormal><span style='color:red'>b</span><span style='background:yellow;mso-highlight:yellow'>c</span>` +
      `<span style='color:windowtext'>d</span></p>`,
  )
  expect(slice.content.content.map(shape).join(" ")).toBe(
    "paragraph([strong: a]) paragraph([color=#ff0000: b][highlight=#ffff00: c]d)",
  )
  expect(slice.content.firstChild?.attrs.align).toBe("center")
})

test("text in cells and items keeps its alignment", () => {
  const { slice } = read(
    `<table><tr><td style="text-align:right">a</td><td align="center"><p>b</p></td></tr></table><center>c</center>`,
  )
  const aligns: unknown[] = []
  slice.content.descendants((node) => {
    if (node.isTextblock) aligns.push(node.attrs.align)
  })
  expect(aligns).toEqual(["right", "center", "center"])
})

test("what is copied here is pasted as it was", () => {
  const { color, highlight, link, strong } = schema.marks
  const doc = d(
    paragraph.create({ align: "right" }, [
      schema.text("a", [color.create({ color: "#c4261d" }), strong.create()]),
      schema.text("b", [highlight.create({ color: "#e2e0da" })]),
      schema.text("c", [
        color.create({ color: "#c4261d" }),
        link.create({ href: "https://a.example/" }),
      ]),
    ]),
  )
  const box = document.createElement("div")
  clipboardSerializer().serializeFragment(doc.content, { document }, box)
  const { slice } = read(inert(box.innerHTML))
  expect(slice.content.firstChild?.eq(doc.child(0))).toBe(true)
})

test("blocks pasted into an empty paragraph keep how the first of them stands", () => {
  const { view } = open()
  view.dispatch(view.state.tr.delete(1, 2))
  view.pasteHTML(`<p style="text-align:center">a</p><p>b</p>`, new ClipboardEvent("paste"))
  expect(view.state.doc.children.map((node) => [node.textContent, node.attrs.align])).toEqual([
    ["a", "center"],
    ["b", null],
  ])
})
