// A measured process: the least that Fastify can do. What Latchkey costs is told in multiples of it.
import Fastify from 'fastify'
import { answerTasks, portOf } from './tasks.ts'

const app = Fastify()
app.get('/', async () => ({ hello: 'world' }))
await app.listen({ host: '127.0.0.1', port: 0 })

answerTasks({ port: () => portOf(app.addresses()) }, () => app.close())
