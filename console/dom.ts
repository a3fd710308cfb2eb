/** The element that the page has by this id; the page and this code are made for each other. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element as E // the page has it as this element
}

type Child = Node | string

/** An element with a class and children; all text goes in as text. */
export function element(tag: string, className = '', ...children: Child[]): HTMLElement {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.append(...children)
  return made
}

export function button(text: string, onClick: () => void, className = 'quiet'): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = className
  made.textContent = text
  made.addEventListener('click', onClick)
  return made
}

/** Copies, and shows it on the button for a moment. */
export async function copyFrom(made: HTMLButtonElement, text: string): Promise<void> {
  const label = made.textContent
  const done = await copy(text)
  made.textContent = done ? 'Copied' : 'Not copied'
  announce(done ? 'Copied' : 'The browser did not allow copying')
  setTimeout(() => {
    made.textContent = label
  }, 1500)
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // No clipboard on pages that came by plain HTTP: the old way.
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

/** For who does not see the page: a change that matters, in few words. */
export function announce(text: string): void {
  byId('announcer').textContent = text
}
