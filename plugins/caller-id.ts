import type { FastifyRequest } from 'fastify'
import { networkOf } from '../src/network.js'

/** Whom limits count as one: who has shown credentials, whatever the address, and else the address. */
export const callerId = ({ caller, ip }: FastifyRequest): string =>
  caller.by === 'open' || caller.by === 'anonymous' ? networkOf(ip) : `${caller.by} ${caller.id}`
