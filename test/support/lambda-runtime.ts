import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'

/** The head of a streamed answer, as the function sends it before the body. */
export interface AnswerHead {
  readonly statusCode: number
  readonly headers: Record<string, string>
}

/** A streamed answer that is under way. */
export interface StreamedAnswer {
  readonly head: AnswerHead
  /** The body so far. */
  text(): string
  /** Resolves with the whole body when the function has ended it. */
  readonly whole: Promise<string>
}

interface Invocation {
  readonly id: string
  readonly event: object
  readonly deadline: number
  readonly answered: (request: IncomingMessage) => void
  readonly failed: (error: Error) => void
}

/** Bytes that end the head of a streamed answer. */
const DELIMITER = Buffer.alloc(8)

/**
 * Runs a function as Lambda does: AWS's own runtime interface client takes invocations from a runtime API, here on
 * loopback. `client` is the file of that client, and `node` the Node that runs it.
 */
export async function startFunction(
  t: Test,
  { client, node, environment }: { client: string; node: string; environment: Record<string, string> },
) {
  const waiting: Invocation[] = []
  const running = new Map<string, Invocation>()
  let idle: ServerResponse | undefined
  const next = (): void => {
    const invocation = idle && waiting.shift()
    if (!idle || !invocation) return
    running.set(invocation.id, invocation)
    const body = JSON.stringify(invocation.event)
    idle.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body), // the client's curl reads nothing else
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1',
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:123456789012:function:carillon',
    })
    idle.end(body)
    idle = undefined
  }
  const api = createServer(async (request, response) => {
    const { url = '' } = request
    if (url.endsWith('/invocation/next')) {
      idle = response
      return next()
    }
    const invocation = running.get(decodeURIComponent(url.split('/')[4] ?? ''))
    if (url.endsWith('/response') && invocation) {
      invocation.answered(request)
      request.once('end', () => response.writeHead(202).end())
      return
    }
    const report = await bodyOf(request)
    response.writeHead(202).end()
    const error = new Error(`the function reported: ${report}`)
    for (const each of invocation ? [invocation] : waiting.splice(0)) each.failed(error)
  })
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const { port } = api.address() as AddressInfo // it listens on TCP

  const root = await mkdtemp(join(tmpdir(), 'carillon-lambda-'))
  const module = JSON.stringify(packageFile('dist/src/lambda.js'))
  await writeFile(
    join(root, 'index.mjs'),
    `import { createStreamHandler } from ${module}\nexport const handler = createStreamHandler()\n`,
  )
  const child = spawn(node, [client], {
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      _HANDLER: 'index.handler',
      LAMBDA_TASK_ROOT: root,
      AWS_LAMBDA_FUNCTION_NAME: 'carillon',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/carillon',
      AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const exited = once(child, 'exit')
  child.once('exit', code => {
    const error = new Error(`the function ended with ${code}:\n${output}`)
    for (const invocation of [...waiting, ...running.values()]) invocation.failed(error)
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
    api.closeAllConnections()
    api.close()
    await rm(root, { recursive: true })
  })

  /** Resolves when the head of the answer has come. `timeoutMs` is the timeout of the function. */
  async function invoke(event: object, { timeoutMs = 60_000 } = {}): Promise<StreamedAnswer> {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      waiting.push({
        id: randomUUID(),
        event,
        deadline: Date.now() + timeoutMs,
        answered: resolve,
        failed: reject,
      })
    })
    next()
    return readAnswer(await answered)
  }
  return { invoke, output: () => output, process: child }
}

async function readAnswer(request: IncomingMessage): Promise<StreamedAnswer> {
  let bytes = Buffer.alloc(0)
  const whole = new Promise<void>(resolve => request.once('close', resolve))
  const headEnd = await new Promise<number>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const end = bytes.indexOf(DELIMITER)
      if (end !== -1) resolve(end)
    })
    request.once('end', () => reject(new Error(`an answer without a head: ${bytes}`)))
  })
  const text = () => bytes.subarray(headEnd + DELIMITER.length).toString()
  return {
    head: JSON.parse(bytes.subarray(0, headEnd).toString()),
    text,
    whole: whole.then(text),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
