declare module "virtual:emoji/*" {
  /** Per group: the emoji, its name, and more words that find it. */
  const groups: readonly (readonly [emoji: string, name: string, words: string])[][]
  export default groups
}
declare module "virtual:emoji/en" {
  export { default } from "virtual:emoji/*"
}
declare module "virtual:emoji/fr" {
  export { default } from "virtual:emoji/*"
}
