/*
 * The rooms of the source tree, from top to bottom: a room imports only from rooms below it.
 * docs/architecture.md says what each of them holds.
 */
const ROOMS = [
  ['cli', '^src/cli/'],
  ['process', '^src/process/'],
  ['composition root', '^src/((app|index|lambda)[.]ts$|lambda/)'],
  ['routes', '^routes/'],
  ['plugins', '^plugins/'],
  ['upstash', '^src/upstash/'],
  ['gateway', '^src/(gateway|open-gateway)[.]ts$'],
  ['streams', '^src/streams/'],
  ['fanout', '^src/fanout/'],
  ['publishing', '^src/publishing/'],
  ['access', '^src/access/'],
  ['history', '^src/history/'],
  ['brokers', '^src/brokers/'],
  ['limits', '^src/limits/'],
  ['telemetry', '^src/telemetry/'],
  ['protocol', '^src/protocol/'],
  ['messages', '^src/messages/'],
  ['config', '^src/config/'],
  ['support', '^src/support/'],
  ['node-internals', '^src/node-internals/'],
]

const onlyFromBelow = ROOMS.slice(1).map(([room, path], i) => ({
  name: `${room} imports only from rooms below it`,
  severity: 'error',
  from: { path },
  to: { path: ROOMS.slice(0, i + 1).map(([, above]) => above) },
}))

module.exports = {
  forbidden: [
    ...onlyFromBelow,
    { name: 'no import cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'each file of src is in a room',
      severity: 'error',
      from: { path: '^src/', pathNot: ROOMS.map(([, path]) => path) },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count, too.
    tsPreCompilationDeps: true,
  },
}
