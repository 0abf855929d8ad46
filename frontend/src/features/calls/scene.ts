import { film } from "./film"

/** One of those who are to be seen: a picture, or a name where there is none. */
export type Part = { name: string; picture?: HTMLCanvasElement | undefined; screen?: boolean }

const gap = 8
type Box = { x: number; y: number; width: number; height: number }

/** Where everybody stands: shared screens large, people in a grid or a column beside them. */
export function places(parts: readonly Part[]): Box[] {
  const screens = parts.filter((part) => part.screen).length
  const people = parts.length - screens
  const side = screens > 0 && people > 0 ? film.width * 0.22 : 0
  const stage = { x: 0, y: 0, width: film.width - side, height: film.height }
  const large = grid(screens > 0 ? screens : people, stage, screens > 0 ? 1 : undefined)
  const small = grid(people, { ...stage, x: stage.width, width: side }, 1)
  return parts.map((part) => (screens === 0 || part.screen ? large : small).shift() ?? stage)
}

function grid(count: number, { x, y, width, height }: Box, columns?: number): Box[] {
  const across = columns ?? Math.ceil(Math.sqrt(count))
  const down = Math.ceil(count / across)
  return Array.from({ length: count }, (_, at) => ({
    x: x + ((at % across) * width) / across + gap / 2,
    y: y + (Math.floor(at / across) * height) / down + gap / 2,
    width: width / across - gap,
    height: height / down - gap,
  }))
}

/** Paints all on one canvas. */
export function paintScene(canvas: HTMLCanvasElement, parts: readonly Part[]) {
  const context = canvas.getContext("2d", { alpha: false })
  if (!context) return
  context.fillStyle = "#17181c"
  context.fillRect(0, 0, canvas.width, canvas.height)
  places(parts).forEach((box, at) => paintPart(context, box, parts[at] as Part))
}

function paintPart(context: CanvasRenderingContext2D, box: Box, { name, picture }: Part) {
  context.fillStyle = "#2a2c33"
  context.fillRect(box.x, box.y, box.width, box.height)
  if (picture) {
    const scale = Math.min(box.width / picture.width, box.height / picture.height)
    const [width, height] = [picture.width * scale, picture.height * scale]
    const [x, y] = [box.x + (box.width - width) / 2, box.y + (box.height - height) / 2]
    context.drawImage(picture, x, y, width, height)
  }
  context.font = "20px Inter Variable, sans-serif"
  context.textBaseline = "middle"
  const wide = Math.min(context.measureText(name).width + 20, box.width)
  const [x, y] = picture
    ? [box.x + 6, box.y + box.height - 38]
    : [box.x + (box.width - wide) / 2, box.y + box.height / 2 - 16]
  context.fillStyle = "#17181c"
  context.fillRect(x, y, wide, 32)
  context.fillStyle = "#f4f4f6"
  context.fillText(name, x + 10, y + 17, Math.max(0, wide - 20))
}
