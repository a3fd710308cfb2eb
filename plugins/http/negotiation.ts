import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/*
 * Content negotiation, RFC 9110 section 12.5. A client that accepts none of what there is gets the first of it, as section
 * 12.4.1 allows: an `EventSource` gives up for good on 406.
 */

/** The media type that the client likes best. Where it does not mind, the first. */
export const preferredType = <Type extends string>(
  { headers }: FastifyRequest,
  types: readonly [Type, ...Type[]],
): Type =>
  headers.accept === undefined ? types[0] : ((new Negotiator({ headers }).mediaType([...types]) as Type) ?? types[0])

/** Whether the client names the media type itself, and not by an asterisk. */
export const namesType = ({ headers }: FastifyRequest, type: string): boolean =>
  headers.accept !== undefined &&
  new Negotiator({ headers }).mediaTypes().some(accepted => accepted.toLowerCase() === type)

/** Whether the client prefers the compressed form. It must ask for it: RFC 9110 section 12.5.3 leaves that open. */
export const prefersGzip = ({ headers }: FastifyRequest): boolean =>
  headers['accept-encoding'] !== undefined && new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip'
