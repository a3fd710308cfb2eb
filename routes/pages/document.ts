import { readFile } from 'node:fs/promises'
import type { FastifyReply } from 'fastify'
import { packageFile } from '../../src/support/package.js'

export interface DocumentSenders {
  json(reply: FastifyReply): Promise<FastifyReply>
  yaml(reply: FastifyReply): Promise<FastifyReply>
}

/** Answers with a YAML file of the package, as JSON or as it is. It is read when it is first requested. */
export function documentFrom(file: string, adapt?: (document: object) => object): DocumentSenders {
  const as = (type: string, read: () => Promise<string>) => {
    let text: Promise<string> | undefined
    return async (reply: FastifyReply): Promise<FastifyReply> => {
      text ??= read()
      return reply
        .type(type)
        .serializer(String)
        .send(await text)
    }
  }
  const source = () => readFile(packageFile(file), 'utf8')
  return {
    json: as('application/json; charset=utf-8', async () => {
      const { parse } = await import('yaml') // loaded on the first request, not at every start
      const document = parse(await source())
      return JSON.stringify(adapt ? adapt(document) : document)
    }),
    // RFC 9512
    yaml: as('application/yaml; charset=utf-8', async () => {
      if (!adapt) return source()
      const { parse, stringify } = await import('yaml')
      return stringify(adapt(parse(await source())), { lineWidth: 0, aliasDuplicateObjects: false })
    }),
  }
}
