const key = "parvis.pages"

/** Whether documents are shown as pages; remembered on this device. */
class PageView {
  #on = $state(read())

  get on(): boolean {
    return this.#on
  }

  set on(on: boolean) {
    this.#on = on
    try {
      localStorage.setItem(key, String(on))
    } catch {
      // A page without storage forgets it, nothing more.
    }
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(key) !== "false"
  } catch {
    return true
  }
}

export const pageView = new PageView()
