import type { FastifyRequest } from 'fastify'
import { toJson } from '../src/messages/json-text.js'
import type { Problem } from '../src/protocol/problems.js'
import { LOCAL_ONLY_PAGE, LOCAL_ONLY_POLICY } from './access/local-only-page.js'
import { namesType } from './http/negotiation.js'

export const MEDIA_TYPE = 'application/problem+json; charset=utf-8'

/** How a problem is written in an answer. */
export interface ProblemShape {
  readonly mediaType: string
  readonly headers?: Readonly<Record<string, string>>
  text(problem: Problem): string
}

const DETAILS: ProblemShape = { mediaType: MEDIA_TYPE, text: toJson }

const PAGE: ProblemShape = {
  mediaType: 'text/html; charset=utf-8',
  headers: { 'content-security-policy': LOCAL_ONLY_POLICY },
  text: () => LOCAL_ONLY_PAGE,
}

/** A person in front of a browser gets a page for the one problem that the operator meets first. */
export const shapeFor = (problem: Problem, request: FastifyRequest): ProblemShape =>
  problem.type === 'no-access-rules' && namesType(request, 'text/html') ? PAGE : DETAILS
