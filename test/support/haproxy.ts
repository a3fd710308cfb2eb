import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { documented, type RunningProxy, replace, startProxy } from './proxy.js'

/** Starts HAProxy; `bind :80` becomes its own port. */
export function startHaproxy(t: Test, configuration: string): Promise<RunningProxy> {
  return startProxy(t, {
    name: 'haproxy',
    prepare: async (folder, port) => {
      const file = join(folder, 'haproxy.cfg')
      await writeFile(file, replace(configuration, 'bind :80', `bind 127.0.0.1:${port}`))
      return ['-db', '-f', file]
    },
  })
}

/** The least that makes a reverse proxy, with the time-outs that Debian gives it. */
export const bareHaproxy = (gatewayPort: number, { idle = '50s' } = {}): string => `
defaults
  mode http
  timeout connect 5s
  timeout client ${idle}
  timeout server ${idle}
listen gateway
  bind :80
  server gateway 127.0.0.1:${gatewayPort}
`

/** The configuration of docs/deploy.md, for these gateways. */
export function documentedHaproxy(gatewayPorts: readonly number[], { idle }: { idle?: string } = {}): string {
  const server = / *server one 127\.0\.0\.1:3000(.*)\n *server two 127\.0\.0\.1:3001.*\n/
  const [, options] = server.exec(documented('haproxy')) ?? []
  const servers = gatewayPorts.map((port, i) => `  server gateway${i} 127.0.0.1:${port}${options}\n`).join('')
  const configuration = replace(documented('haproxy'), server, servers)
  if (idle === undefined) return configuration
  return replace(
    replace(configuration, 'timeout client 60s', `timeout client ${idle}`),
    'timeout server 60s',
    `timeout server ${idle}`,
  )
}
