import Fastify from 'fastify'

/** The least that a publish can cost on Fastify: the same route without a handler behind it. */
const app = Fastify()
app.addContentTypeParser('text/plain', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/channels/:channel', async ({ params: { channel } }) => ({ channel, receivers: 0 }))
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.on('SIGTERM', () => process.exit()) // its profile is written then
