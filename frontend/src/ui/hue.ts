/** The hue of somebody in degrees. Steps of the golden angle keep neighbouring ids apart in colour. */
export const hueOf = (id: string): number =>
  (Number.parseInt(id.slice(0, 6), 16) * 137.5) % 360 || 0
