/*
 * Which colours: as the system has them, or as one has chosen here. Runs before the page is drawn,
 * so that it is never drawn in the wrong ones.
 */
const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]
const KEY = 'carillon theme'

let theme: Theme = THEMES.find(it => it === read()) ?? 'auto'
apply()
document.addEventListener('DOMContentLoaded', () => {
  const button = document.querySelector<HTMLButtonElement>('#theme')
  const show = () => {
    if (!button) return
    button.textContent = { auto: '◐ Auto', light: '○ Light', dark: '● Dark' }[theme]
    button.setAttribute('aria-label', `Theme: ${theme}`)
  }
  button?.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    try {
      localStorage.setItem(KEY, theme)
    } catch {
      // Storage is forbidden here: the choice holds until the page is left.
    }
    apply()
    show()
    dispatchEvent(new Event('themechange'))
  })
  show()
})

function read(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null // storage is forbidden here
  }
}

function apply(): void {
  document.documentElement.dataset.theme = theme
}
