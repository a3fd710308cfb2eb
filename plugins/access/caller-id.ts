import type { FastifyRequest } from 'fastify'
import { networkOf } from '../../src/limits/network.js'

/** The key that limits count by: the credentials if the client showed its own, otherwise its address. A client that has left has no address, despite the type. */
export const callerId = ({ caller, ip }: FastifyRequest): string => (caller.isShared ? networkOf(ip ?? '') : caller.id)
