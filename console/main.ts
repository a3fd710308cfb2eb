import { CarillonProblem } from '../client/index.js'
import { isPattern } from '../client/topics.js'
import { access } from './access.js'
import { channels } from './channels.js'
import { byId } from './dom.js'
import { Events } from './events.js'
import { base, explain, Gateway } from './gateway.js'
import { poll } from './poll.js'
import { Publish } from './publish.js'
import { Tail } from './tail.js'

/** The console: its parts and their wiring. */
const gateway = new Gateway()
const { ask } = access(gateway)
const publish = new Publish(gateway)
const tail = new Tail(gateway, {
  events: new Events(),
  onAgain: row => publish.fill(row),
  onTopics: topics => {
    const channel = topics.find(topic => !isPattern(topic))
    if (channel !== undefined) publish.suggest(channel)
  },
  onRefused,
})
channels(gateway, {
  onPick: channel => {
    tail.listen([channel])
    byId('tail').scrollIntoView({ block: 'nearest' })
  },
  onRefused,
})

byId('host').textContent = base.host + base.pathname.replace(/\/$/, '')
gateway.onKey(() => {
  byId('banner').hidden = true
})
health()
const topics = decodeURIComponent(location.hash.slice(1)).split(' ').filter(Boolean)
if (topics.length > 0 && document.getElementById(topics[0] ?? '') === null) tail.listen(topics)

/** Whether the gateway can serve, and why not. */
function health(): void {
  const place = byId('health')
  const show = (state: string, words: string) => {
    place.dataset.state = state
    if (place.textContent !== words) place.textContent = words
  }
  poll(async () => {
    try {
      await gateway.get('readyz')
      show('live', 'ready')
    } catch (error) {
      // It answers all the same: it is Redis that is away, or it is about to stop.
      if (error instanceof CarillonProblem && error.status < 500) show('live', 'up')
      else show(error instanceof CarillonProblem ? 'waiting' : 'bad', explain(error))
    }
    return true
  }, 3)
}

function onRefused(): void {
  const banner = byId('banner')
  banner.hidden = false
  const open = document.createElement('button')
  open.type = 'button'
  open.textContent = gateway.keyed ? 'Another key' : 'Enter a key'
  open.addEventListener('click', ask)
  banner.replaceChildren(
    gateway.keyed ? 'This key does not have the required right. ' : 'This gateway requires a key. ',
    open,
  )
}
