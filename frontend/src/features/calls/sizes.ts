export type Size = { width: number; height: number }

/** The largest size of the same shape within bounds, never enlarged; encoders want even numbers. */
export function fit(width: number, height: number, bounds: Size): Size {
  const upright = height > width
  const [across, down] = upright ? [bounds.height, bounds.width] : [bounds.width, bounds.height]
  const scale = Math.min(1, across / width, down / height)
  const even = (value: number) => Math.max(2, 2 * Math.round((value * scale) / 2))
  return { width: even(width), height: even(height) }
}
