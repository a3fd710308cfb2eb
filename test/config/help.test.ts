import { Type } from '@sinclair/typebox'
import t from 'tap'
import { configSchema } from '../../src/config/config.js'
import { listSettings, settingsText } from '../../src/config/help.js'

t.test('describes a setting by its name, type, bounds, default and words', async t => {
  const schema = Type.Object({
    A: Type.Integer({ minimum: 1, maximum: 9, default: 5, description: 'First.' }),
    B: Type.Optional(Type.String({ description: 'Second.' })),
    C: Type.Unsafe<string>({ type: 'string', enum: ['x', 'y'], default: 'x', description: 'Third.' }),
    D: Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'Fourth.' }),
  })
  t.same(listSettings(schema), [
    { name: 'A', type: 'integer, 1 to 9', defaultValue: '5', description: 'First.' },
    { name: 'B', type: 'string', defaultValue: undefined, description: 'Second.' },
    { name: 'C', type: 'x, y', defaultValue: 'x', description: 'Third.' },
    { name: 'D', type: 'number, 0 to 1', defaultValue: '0', description: 'Fourth.' },
  ])
  const text = settingsText(schema)
  t.match(text, '  A (integer, 1 to 9; default 5)\n      First.\n')
  t.match(text, '\n  B (string)\n      Second.\n')
  t.match(text, '\n  D (number, 0 to 1; default 0)\n')
})

t.test('lists every setting there is', async t => {
  const text = settingsText(configSchema)
  for (const [name, { description }] of Object.entries(configSchema.properties)) {
    t.match(`\n${text}`, `\n  ${name} (`)
    t.match(text, `${description}`)
  }
})
