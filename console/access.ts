import { byId } from './dom.js'
import type { Gateway } from './gateway.js'

/** The dialog for a key. The input goes to `Gateway` and is removed from the page. */
export function access(gateway: Gateway): { ask(): void } {
  const [open, dialog, form] = [byId('access'), byId<HTMLDialogElement>('access-dialog'), byId('access-form')]
  const input = byId<HTMLInputElement>('access-key')
  const close = () => {
    input.value = ''
    dialog.close()
  }
  const ask = () => {
    if (!dialog.open) dialog.showModal()
    input.focus()
  }
  const use = (key: string | undefined) => {
    close()
    gateway.setKey(key)
    open.textContent = gateway.keyed ? 'Key in use' : 'Access'
    open.classList.toggle('used', gateway.keyed)
  }
  open.addEventListener('click', ask)
  byId('access-cancel').addEventListener('click', close)
  byId('access-forget').addEventListener('click', () => use(undefined))
  dialog.addEventListener('close', () => {
    input.value = ''
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    use(input.value.trim())
  })
  return { ask }
}
