import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import { parse } from 'yaml'
import { CLIENT_TYPES, clientTypes } from '../scripts/openapi-client.js'
import { openapi32Yaml, openapiYaml } from '../scripts/openapi-document.js'
import carillon from '../src/app.js'
import { PROBLEMS } from '../src/protocol/problem-types.js'
import { packageFile, packageVersion } from '../src/support/package.js'
import { build } from './support/gateway.js'
import { operations } from './support/openapi.js'

const yaml = await readFile(packageFile('openapi.yaml'), 'utf8')
const document = parse(yaml)

t.test('openapi.yaml is what the routes give', async t => {
  t.equal(yaml, await openapiYaml(), 'run: npm run openapi, and commit openapi.yaml')
})

t.test('openapi-3.2.yaml is the same in the words of OpenAPI 3.2', async t => {
  const next = await readFile(packageFile('openapi-3.2.yaml'), 'utf8')
  t.equal(next, openapi32Yaml(yaml), 'run: npm run openapi, and commit openapi-3.2.yaml')
  const { paths } = parse(next)
  t.match(paths['/events'].query, { operationId: 'streamChannelsByQuery', requestBody: { required: true } })
  t.same(Object.keys(paths['/events'].query.requestBody.content['application/json'].schema.properties).slice(0, 2), [
    'channel',
    'pattern',
  ])
  const { content } = paths['/channels/{channel}/events'].get.responses[200]
  t.match(content['text/event-stream'].itemSchema.properties, { data: {}, event: {}, id: {}, retry: {} })
  t.match(content['application/x-ndjson'].itemSchema, { anyOf: [{ $ref: '#/components/schemas/Envelope' }] })
})

t.test('the types of the generated client are made from openapi.yaml', async t => {
  const types = await readFile(packageFile(CLIENT_TYPES), 'utf8')
  t.equal(types, await clientTypes(yaml), `run: npm run openapi, and commit ${CLIENT_TYPES}`)
})

t.test('openapi.yaml lints clean', async t => {
  const lint = promisify(execFile)(
    process.execPath,
    [packageFile('node_modules/@redocly/cli/bin/cli.js'), 'lint', 'openapi.yaml', '--format=json'],
    {
      cwd: packageFile('.'),
      env: { PATH: process.env.PATH, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_NOTIFICATIONS: 'true' },
    },
  )
  const { stdout } = await lint.catch(error => error) // it exits with 1 after an error, and still says which
  const { totals, problems } = JSON.parse(stdout)
  t.same(problems, [])
  t.match(totals, { errors: 0, warnings: 0 })
})

t.test('GET /openapi.json serves the document of openapi.yaml', async t => {
  const { url } = await build(t)
  const response = await fetch(`${url}/openapi.json`)
  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.same(await response.json(), document)
})

t.test('GET /openapi.yaml serves the same as YAML, and under a prefix with its own address', async t => {
  const { url } = await build(t)
  const response = await fetch(`${url}/openapi.yaml`)
  t.equal(response.headers.get('content-type'), 'application/yaml; charset=utf-8')
  t.equal(await response.text(), yaml)
  t.match(parse(await (await fetch(`${url}/asyncapi.yaml`)).text()), { asyncapi: /^3/ })

  const app = Fastify()
  await app.register(carillon, { prefix: '/bells' })
  t.teardown(() => app.close())
  const embedded = await app.inject({ url: '/bells/openapi.yaml', remoteAddress: '127.0.0.1' })
  t.match(parse(embedded.body), { servers: [{ url: '/bells' }], paths: { '/publish': {} } })
})

t.test('parameters are described as strictly as the server reads them', async t => {
  const { url } = await build(t, { config: { HISTORY: '*' } })
  const { parameters } = document.paths['/channels/{channel}/messages'].get
  const since = new RegExp(parameters.find(({ name }: { name: string }) => name === 'since').schema.pattern)
  for (const value of [
    'all',
    '30s',
    '7d',
    '2030-01-31',
    '2028-02-29',
    '2000-02-29',
    '2030-04-30',
    '2030-01-31T12:00:00Z',
    '2030-01-31t12:00:00.123+02:00',
  ])
    t.same([since.test(value), await statusOf(value)], [true, 200], value)
  for (const value of [
    '',
    '10',
    '10 m',
    '2030-87-01',
    '2030-01-32',
    '2030-02-29',
    '1900-02-29',
    '2030-04-31',
    '1064-02-30',
    '2030-01-31T24:00:00Z',
    '2030-01-31T12:60:00Z',
  ])
    t.same([since.test(value), await statusOf(value)], [false, 400], value)
  async function statusOf(value: string): Promise<number> {
    return (await fetch(`${url}/channels/news/messages?since=${encodeURIComponent(value)}`)).status
  }

  const { schema } = document.paths['/channels/{channel}'].post.parameters.find(
    ({ name }: { name: string }) => name === 'idempotency-key',
  )
  t.notOk(new RegExp(schema.pattern).test(''), 'an empty key')
  t.equal(document.components.schemas.TicketRequest.minProperties, 1)
})

t.test('a call with a rate describes its header fields on each answer that has them', async t => {
  for (const [path, status] of [
    ['/channels/{channel}', 200],
    ['/publish', 200],
    ['/tickets', 201],
    ['/upstash', 200],
  ] as const) {
    const { responses } = document.paths[path].post
    t.match(Object.keys(responses[status].headers), ['RateLimit', 'RateLimit-Policy'], path)
  }
})

t.test('the document says what it describes', async t => {
  t.match(document, {
    openapi: /^3\.1\./,
    info: { title: 'Carillon', version: packageVersion(), license: { identifier: 'MIT' } },
    servers: [{ url: 'http://127.0.0.1:3000' }],
  })
})

t.test('every route of the gateway is in the document', async t => {
  const app = Fastify()
  const served: string[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (schema && 'hide' in schema) return // the parts of a page
    for (const name of [method].flat()) if (name !== 'HEAD') served.push(`${name} ${url.replace(/:(\w+)/g, '{$1}')}`)
  })
  await app.register(carillon)
  await app.close()
  t.same(
    operations(document)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
    served.sort(),
  )
})

t.test('every operation has a name, a summary, a description and a tag that is explained', async t => {
  const tags = document.tags.map(({ name }: { name: string }) => name)
  for (const { method, path, operation } of operations(document)) {
    const title = `${method} ${path}`
    t.match(operation, { operationId: /^\w+$/, summary: /^[A-Z].*[^.]$/, description: /\.$/ }, title)
    t.equal(operation.tags?.length, 1, title)
    t.ok(tags.includes(operation.tags?.[0]), title)
  }
})

t.test('every parameter has a description and an example', async t => {
  for (const { method, path, operation } of operations(document)) {
    for (const { name, description, example } of operation.parameters ?? []) {
      t.match(description, /\.$/, `${method} ${path}: ${name}`)
      t.not(example, undefined, `${method} ${path}: ${name}`)
    }
  }
})

t.test('the parameters of an operation have different names in every language', async t => {
  for (const { method, path, operation } of operations(document)) {
    const names = (operation.parameters ?? []).map(({ name }) => name.toLowerCase().replaceAll(/[^a-z]/g, ''))
    t.same(names, [...new Set(names)], `${method} ${path}`)
  }
})

t.test('no schema has a form that generated clients get wrong', async t => {
  const mistakes: string[] = []
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return
    const schema = value as Record<string, unknown>
    const wrong = (mistake: string) => mistakes.push(`${mistake} at ${path.join(' ')}`)
    for (const keyword of ['allOf', 'const', 'uniqueItems']) if (keyword in schema) wrong(keyword)
    if (path.includes('paths') && Object.keys(schema.properties ?? {}).length > 0) wrong('a schema without a name')
    if (schema.type === 'integer' && !/^int(?:32|64)$/.test(String(schema.format))) wrong('an integer without a format')
    // A closed set in an answer breaks a client as soon as a newer gateway answers with more.
    const isAnswer = path[1] === 'schemas' && !/(?:Request|^Batch|^BatchMessage)$/.test(path[2] ?? '')
    if ((isAnswer || path.includes('responses')) && 'enum' in schema) wrong('a closed set')
    for (const [name, child] of Object.entries(schema)) if (!name.startsWith('example')) visit(child, [...path, name])
  }
  visit(document.paths, ['paths'])
  visit(document.components, ['components'])
  t.same(mistakes, [])
})

t.test('a message is published as text, as bytes or as any other type', async t => {
  const { content } = document.paths['/channels/{channel}'].post.requestBody
  t.same(Object.keys(content), ['text/plain', 'application/octet-stream', '*/*']) // most generators take the first
  t.match(content['text/plain'].schema, { type: 'string' })
  t.match(content['application/octet-stream'].schema, { type: 'string', format: 'binary' })
})

t.test('files and pages are not in the document', async t => {
  for (const { path } of operations(document)) t.notMatch(path, /^\/(?:console|docs|client\.js|$)/)
})

t.test('every problem that a route can answer with is described, and no other', async t => {
  const described = new Set(operations(document).flatMap(({ problems }) => problems.map(({ type }) => type)))
  // These are answered where there is no operation, or on streams; the description of the document has them.
  for (const type of ['not-found', 'method-not-allowed', 'too-many-patterns']) {
    t.notOk(described.has(type), type)
    t.match(document.info.description, `\`${type}\``)
    described.add(type)
  }
  t.same([...described].sort(), Object.keys(PROBLEMS).sort())
})
