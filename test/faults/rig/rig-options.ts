export interface RigOptions {
  readonly seed: number
  readonly topology: 'standalone' | 'sentinel' | 'cluster' | 'sharded'
  readonly gateways: number
  readonly channels: number
  readonly listeners: number
  /** Publications a second. */
  readonly rate: number
  readonly nativeShare: number
  /** Whether some listeners use patterns. */
  readonly patterns: boolean
  /** Whether publishers avoid gateways that are not ready, as behind a load balancer. */
  readonly balanced: boolean
  readonly redisArgs: string[]
  /** Settings of every gateway; how it reaches Redis comes by itself. */
  readonly environment: Record<string, string>
  /** Every channel has a history, clients resume from where they stood, and publishers try again with a key. */
  readonly history: boolean
  /** With a history: Redis has at the end what it acknowledged. */
  readonly keeps: boolean
  /** `user:password` of the gateways at Redis. */
  readonly credentials: string | undefined
}

export const defaultOptions: Omit<RigOptions, 'seed'> = {
  topology: 'standalone',
  gateways: 3,
  channels: 20,
  listeners: 50,
  rate: 200,
  nativeShare: 0.25,
  patterns: true,
  balanced: false,
  redisArgs: ['--enable-debug-command', 'local'],
  environment: {},
  history: false,
  keeps: true,
  credentials: undefined,
}
