import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { documented, type RunningProxy, replace, startProxy } from './proxy.js'

/** Starts nginx with what stands in `http { … }`; `listen 80;` becomes its own port. */
export function startNginx(t: Test, http: string): Promise<RunningProxy> {
  return startProxy(t, {
    name: 'nginx',
    prepare: async (folder, port) => {
      const file = join(folder, 'nginx.conf')
      await writeFile(file, configuration(folder, replace(http, /listen 80\b/, `listen 127.0.0.1:${port}`)))
      return ['-p', folder, '-c', file, '-e', 'stderr']
    },
  })
}

/** Everything that is not in sight of the tests is nginx's own default, but for the places of files. */
const configuration = (folder: string, http: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`).join('\n  ')}
${http}
}
`

/** The least that makes a reverse proxy; further directives go into its location. */
export const bareNginx = (gatewayPort: number, ...directives: string[]): string => `
server {
  listen 80;
  location / {
    proxy_pass http://127.0.0.1:${gatewayPort};
    ${directives.join('\n    ')}
  }
}
`

/** The configuration of docs/deploy.md, for these gateways; further directives go into its location. */
export function documentedNginx(gatewayPorts: readonly number[], ...directives: string[]): string {
  const server = /( *)server 127\.0\.0\.1:3000(.*)\n *server 127\.0\.0\.1:3001.*\n/
  const [, indent, options] = server.exec(documented('nginx')) ?? []
  const servers = gatewayPorts.map(port => `${indent}server 127.0.0.1:${port}${options}\n`).join('')
  const passing = 'proxy_pass http://carillon;'
  return replace(replace(documented('nginx'), server, servers), passing, [passing, ...directives].join('\n    '))
}
