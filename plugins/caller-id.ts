import type { FastifyRequest } from 'fastify'
import { networkOf } from '../src/limits/network.js'

/** Whom limits count as one: who has shown credentials of its own, whatever the address, and else the address. A client that has left has none any more, despite its type. */
export const callerId = ({ caller, ip }: FastifyRequest): string => (caller.isShared ? networkOf(ip ?? '') : caller.id)
