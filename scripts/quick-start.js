import { readFileSync } from 'node:fs'

/** For esbuild: what libraries do when they are loaded, and a gateway has no use for, does not take time of its start. */
export const quickStart = {
  name: 'quick-start',
  setup(build) {
    withoutHttp2(build)
    withoutThreads(build)
    withoutVersions(build)
    withMethodsApart(build)
  },
}

/** Fastify loads it for servers that speak it, which the gateway's does not. */
function withoutHttp2(build) {
  replace(build, /^node:http2$/, '/fastify/lib/server.js', 'module.exports = {}')
}

/** Pino has its threads for transports, which the gateway does not use. */
function withoutThreads(build) {
  replace(build, /^thread-stream$/, '/pino/lib/transport.js', 'module.exports = class {}')
  replace(build, /^worker_threads$/, '/pino/lib/tools.js', 'module.exports = { isMainThread: true }')
}

/** Fastify asks whether a plugin is for its version. In a bundle no version changes, and the tests run without one. */
function withoutVersions(build) {
  replace(
    build,
    /^semver$/,
    '/fastify/lib/plugin-utils.js',
    'module.exports = { satisfies: () => true, gt: () => true, coerce: v => v }',
  )
}

/**
 * ioredis gives the prototype of a class its six hundred methods one by one, and V8 makes the shape of that prototype anew
 * for each: of all functions this took most of a start, after V8's and Node's own. An object of its own takes them at once.
 */
function withMethodsApart(build) {
  const isFound = expected(build, 'the methods of ioredis')
  build.onLoad({ filter: /ioredis\/built\/utils\/Commander\.js$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8')
    const changed = text
      .replaceAll('Commander.prototype[commandName', 'methods[commandName')
      .replace('commands.forEach(', 'const methods = {};\nObject.setPrototypeOf(Commander.prototype, methods);\n$&')
    if (changed.includes('const methods') && changed.includes('methods[commandName + "Buffer"]')) isFound()
    return { contents: changed }
  })
}

/** In `importer`, `contents` in the place of a module. */
function replace(build, filter, importer, contents) {
  const isFound = expected(build, `${filter} in ${importer}`)
  const namespace = `instead of ${filter}`
  build.onResolve({ filter }, from => {
    if (!from.importer.endsWith(importer)) return undefined
    isFound()
    return { path: from.path, namespace }
  })
  build.onLoad({ filter: /.*/, namespace }, () => ({ contents }))
}

/** A library may change: the build fails at its end, unless what is returned was called. */
function expected(build, what) {
  let isThere = false
  build.onEnd(() => {
    if (!isThere) throw new Error(`${what}: not where it was; see what became of it`)
  })
  return () => {
    isThere = true
  }
}
