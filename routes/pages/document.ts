import { readFile } from 'node:fs/promises'
import type { FastifyReply } from 'fastify'
import { packageFile } from '../../src/support/package.js'

/** Answers with a YAML file of the package, as JSON. It is read when it is first asked for. */
export function jsonFrom(
  file: string,
  adapt: (document: object) => object = document => document,
): (reply: FastifyReply) => Promise<FastifyReply> {
  let document: Promise<string> | undefined
  return async reply => {
    document ??= read(file, adapt)
    return reply
      .type('application/json; charset=utf-8')
      .serializer(String)
      .send(await document)
  }
}

async function read(file: string, adapt: (document: object) => object): Promise<string> {
  const { parse } = await import('yaml') // loaded on the first request, not at every start
  return JSON.stringify(adapt(parse(await readFile(packageFile(file), 'utf8')) as object))
}
