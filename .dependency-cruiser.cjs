/** The rooms of the house, top to bottom: a room imports only from rooms below it. */
const ROOMS = [
  'cli',
  'process',
  'composition',
  'routes',
  'plugins',
  'upstash',
  'gateway',
  'streams',
  'fanout',
  'publishing',
  'access',
  'history',
  'brokers',
  'limits',
  'telemetry',
  'protocol',
  'messages',
  'config',
  'support',
  'node-internals',
]
const pathOf = room =>
  ({
    routes: '^routes/',
    plugins: '^plugins/',
    composition: '^src/(app|index|lambda)\\.ts$',
    gateway: '^src/(gateway|open-gateway)\\.ts$',
  })[room] ?? `^src/${room}/`
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...ROOMS.map((room, i) => ({
      name: `${room}-imports-only-from-below`,
      severity: 'error',
      from: { path: pathOf(room) },
      to: { path: ROOMS.slice(0, i).map(pathOf) },
    })).filter(r => r.to.path.length),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
}
