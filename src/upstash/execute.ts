import { requireAllowedWithin, visibleChannels } from '../access/authorization.js'
import type { Caller } from '../access/caller.js'
import type { Right } from '../access/grants.js'
import { BrokerUnavailable } from '../brokers/broker.js'
import type { Gateway } from '../gateway.js'
import type { Work } from '../messages/glob-cover.js'
import type { Publication } from '../messages/message.js'
import { channelTopic, patternTopic, type Topic } from '../messages/topic.js'
import { Problem } from '../protocol/problems.js'
import type { Publisher } from '../publishing/publishing.js'
import type { Reply } from './answers.js'
import type { UpstashCommand } from './commands.js'

export type UpstashGateway = Pick<Gateway, 'publishing' | 'broker'>

/**
 * Executes commands in their order, and gives each its reply or its problem; an item that already is a problem stays one.
 * Publishes that stand next to each other go in one trip to Redis.
 */
export async function executeAll(
  gateway: UpstashGateway,
  caller: Caller,
  publisher: Publisher,
  commands: readonly (UpstashCommand | Problem)[],
): Promise<(Reply | Problem)[]> {
  const outcomes: (Reply | Problem)[] = []
  let run: Publication[] = []
  const publish = async () => {
    if (run.length === 0) return
    const results = await gateway.publishing.execute(publisher, run)
    outcomes.push(...results.map(result => (result instanceof Problem ? result : result.receivers)))
    run = []
  }
  for (const command of commands) {
    if (!(command instanceof Problem) && command.name === 'publish') {
      run.push(command.publication)
    } else {
      await publish()
      outcomes.push(command instanceof Problem ? command : await ask(gateway, caller, command))
    }
  }
  await publish()
  return outcomes
}

type Publish = Extract<UpstashCommand, { name: 'publish' }>

/** @throws Problem where the caller may not give the command; the use case "publish" asks for the right to publish */
export function requireAllowedCommand(caller: Caller, command: UpstashCommand, work: Work): void {
  const require = (right: Right, topics: readonly Topic[]) => requireAllowedWithin(work, caller, right, topics)
  if (command.name === 'numsub') require('inspect', command.channels.map(channelTopic))
  else if (command.name === 'numpat') require('inspect', [patternTopic('*')])
}

async function ask(
  { broker }: UpstashGateway,
  caller: Caller,
  command: Exclude<UpstashCommand, Publish>,
): Promise<Reply | Problem> {
  switch (command.name) {
    case 'echo':
      return command.data
    case 'channels': {
      const names = await orProblem(broker.channels(command.glob))
      if (names instanceof Problem) return names
      return visibleChannels(caller, names)
    }
    case 'numsub': {
      const counts = await orProblem(broker.subscriberCounts(command.channels))
      return counts instanceof Problem ? counts : command.channels.flatMap((name, i) => [name, counts[i] ?? 0])
    }
    case 'numpat':
      return orProblem(broker.patternCount())
  }
}

const orProblem = <Value>(asked: Promise<Value>): Promise<Value | Problem> =>
  asked.catch((cause: unknown) => {
    if (cause instanceof BrokerUnavailable) return new Problem('broker-unavailable', undefined, {}, { cause })
    throw cause
  })
