import { type Static, Type } from '@sinclair/typebox'
import { PROBLEMS, type ProblemUri, problemUri } from './problem-types.js'

const [status, title, detail] = PROBLEMS['invalid-channel']

/** The body of every error answer, and of every error frame on a WebSocket. RFC 9457 section 3.1. */
export const ProblemDetails = Type.Object(
  {
    type: Type.Unsafe<ProblemUri>({
      type: 'string',
      // No enum: a client that was generated from it would fail on a type of a newer gateway.
      description:
        'The type of the problem, for programs. docs/errors.md lists the types; newer gateways may have others.',
      examples: [problemUri('invalid-channel')],
    }),
    title: Type.String({ description: 'The type in words, the same for every occurrence.', examples: [title] }),
    status: Type.Integer({ format: 'int32', description: 'The HTTP status.', examples: [status] }),
    detail: Type.String({ description: 'What went wrong this time, for people.', examples: [detail] }),
  },
  { $id: 'Problem', description: 'Problem details, RFC 9457. The types are explained in docs/errors.md.' },
)

export type ProblemDetails = Static<typeof ProblemDetails>
