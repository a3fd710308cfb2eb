import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compile } from './audience.js'

/** The Node that runs the gateway and what it is compared with: this one, or the one that `BENCH_NODE` names; npm sets `NODE` itself. */
export const node = process.env.BENCH_NODE ?? process.execPath

/** Where what runs on Node leaves a profile of each run, for `profile.js`; its figures are not those of a run without. */
const { PROFILE } = process.env
export const profiling = (name, microseconds = 1000) =>
  PROFILE
    ? [
        '--cpu-prof',
        `--cpu-prof-dir=${PROFILE}`,
        `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
        `--cpu-prof-interval=${microseconds}`,
      ]
    : []
/** What ends it; a profile is written only by a process that ends by itself. */
export const SERVER_STOP = PROFILE ? 'SIGTERM' : 'SIGKILL'

/** The arguments with which `npm start` starts Node: V8's flags and the program. */
export const START = JSON.parse(readFileSync('package.json', 'utf8')).scripts.start.split(' ').slice(1)

const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** Each starts a server and resolves with where it is; undefined when it is not installed. */
export const systems = {
  async gateway(redisPort, settings = {}) {
    const port = await freePort()
    const environment = { PORT: `${port}`, LOG_LEVEL: 'silent', NODE_ENV: 'production', ...settings }
    if (redisPort) environment.REDIS_URL = `redis://127.0.0.1:${redisPort}`
    const server = await start(node, [...profiling('gateway'), ...START], port, environment, SERVER_STOP)
    while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok) await setTimeout(20)
    return { ...server, port, publish: '/channels/bench', sse: '/channels/bench/events', ws: '/channels/bench/ws' }
  },

  nchan: () => startNchan(''),

  /** The same with Redis behind it, as the gateway has. */
  'nchan with Redis': redisPort => (redisPort ? startNchan('nchan_redis_pass redis;', redisPort) : undefined),

  /** One `write()` for a delivery and nothing else, in C. */
  async floor() {
    const program = compile('floor')
    if (!program) return undefined
    const port = await freePort()
    const server = await start(program, [`${port}`], port)
    rmSync(program)
    return { ...server, port, publish: '/bench', sse: '/bench', ws: undefined }
  },

  /** The route of a publish on Fastify alone: no Redis, no guarantees. */
  async bare() {
    const port = await freePort()
    const script = fileURLToPath(new URL('bare.js', import.meta.url))
    const environment = { PORT: `${port}`, NODE_ENV: 'production' }
    const server = await start(node, [...profiling('bare'), script], port, environment, SERVER_STOP)
    return { ...server, port, publish: '/channels/bench', sse: undefined, ws: undefined }
  },
}

/** A master that is killed leaves its worker behind. */
const NGINX_STOP = 'SIGTERM'

async function startNchan(storage, redisPort) {
  if (!existsSync(NCHAN)) return undefined
  const port = await freePort()
  const home = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
  writeFileSync(join(home, 'nginx.conf'), nchanSettings(home, port, storage, redisPort))
  const server = await start('nginx', ['-c', join(home, 'nginx.conf')], port, {}, NGINX_STOP).catch(() => undefined)
  if (!server) return undefined // no nginx, or one that the module does not fit
  const stop = async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  }
  // It listens before it has found its Redis.
  const probe = { method: 'POST', body: 'ready?' }
  while (!(await fetch(`http://127.0.0.1:${port}/publish/probe`, probe)).ok) await setTimeout(20)
  return { ...server, stop, port, publish: '/publish/bench', sse: '/sse/bench', ws: '/ws/bench' }
}

const nchanSettings = (home, port, storage, redisPort) => `load_module ${NCHAN};
worker_processes 1; worker_rlimit_nofile 20000; pid ${home}/pid; error_log ${home}/error.log; daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 19000; }
http {
  access_log off; keepalive_requests 100000000; nchan_max_reserved_memory 512M;
  client_body_temp_path ${home}/b; proxy_temp_path ${home}/p; fastcgi_temp_path ${home}/f;
  uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;
  ${redisPort ? `upstream redis { nchan_redis_server redis://127.0.0.1:${redisPort}; nchan_redis_storage_mode nostore; }` : ''}
  server {
    listen 127.0.0.1:${port} backlog=4096; nchan_store_messages ${redisPort ? 'on' : 'off'};
    nchan_subscriber_first_message newest;
    location ~ ^/publish/(\\w+)$ { nchan_publisher; nchan_channel_id $1; ${storage} }
    location ~ ^/sse/(\\w+)$ { nchan_subscriber eventsource; nchan_channel_id $1; ${storage} }
    location ~ ^/ws/(\\w+)$ { nchan_subscriber websocket; nchan_channel_id $1; ${storage} }
  }
}`

/** Undefined when Redis is not installed: the embedded broker is measured then. */
export async function startRedis() {
  const port = await freePort()
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  return start('redis-server', options, port).then(
    process => ({ ...process, port }),
    () => undefined,
  )
}

/** `signal` is what ends it at once. */
async function start(command, args, port, environment = {}, signal = 'SIGKILL') {
  const began = performance.now()
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: 'ignore' })
  let failure
  child.on('error', error => (failure = error))
  child.on('exit', code => (failure ??= new Error(`${command} ended with ${code}`)))
  while (!(await answers(port))) {
    if (failure) throw failure
    await setTimeout(3)
  }
  const stop = () =>
    new Promise(resolve => {
      child.once('exit', resolve)
      child.kill(signal)
    })
  return { pid: child.pid, startMs: performance.now() - began, stop }
}

const answers = port =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('connect', () => socket.destroy())
    socket.on('error', () => resolve(false))
  })

export function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** The process and its children, such as nginx's workers: CPU in ms, memory in KB. Linux only. */
export function usage(pid) {
  try {
    // In nanoseconds, for each thread; /proc/<pid>/stat counts in hundredths of a second.
    const threads = readdirSync(`/proc/${pid}/task`)
    const nanoseconds = threads.map(id =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    )
    const memory = /Pss:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    const total = { cpuMs: nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6, kb: Number(memory[1]) }
    for (const child of children.map(Number)) {
      const { cpuMs, kb } = usage(child)
      total.cpuMs += cpuMs
      total.kb += kb
    }
    return total
  } catch {
    return { cpuMs: Number.NaN, kb: Number.NaN } // not Linux, or the child has just ended
  }
}

/**
 * The memory of the process and its children in KB, and what of it is `malloc`'s, and pages of files: a program that does
 * what it has not done before has more of itself loaded. The rest is what V8 and others map for themselves. Linux only.
 */
export function memory(pid) {
  const total = { KB: 0, 'KB of malloc': 0, 'KB of files': 0 }
  for (const part of readFileSync(`/proc/${pid}/smaps`, 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const kb = Number(/^Pss:\s+(\d+)/m.exec(part)?.[1] ?? 0)
    total.KB += kb
    const name = part.slice(0, part.indexOf('\n')).split(/ +/)[5] ?? ''
    if (name === '[heap]') total['KB of malloc'] += kb
    if (name.startsWith('/')) total['KB of files'] += kb
  }
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  for (const child of children.map(Number)) for (const [kind, kb] of Object.entries(memory(child))) total[kind] += kb
  return total
}
