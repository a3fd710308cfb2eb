import { type FastPath, fastPaths } from './fast-path.js'

/** Loads every file of this room; a gateway loads only those that it needs. */
export async function everyFastPath(): Promise<readonly FastPath[]> {
  await Promise.all([
    import('./answer-turn.js'),
    import('./cluster-seeds.js'),
    import('./detach.js'),
    import('./event-stream-head.js'),
    import('./half-open.js'),
    import('./joined-commands.js'),
    import('./redis-socket.js'),
    import('./sentinel-errors.js'),
    import('./stop-listening.js'),
    import('./stream-wrap.js'),
    import('./surrounding-app.js'),
    import('./upgrade-choice.js'),
  ])
  return fastPaths()
}
