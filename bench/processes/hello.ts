// A measured process: Fastify with one trivial route. The table shows what Latchkey costs in multiples of it.
import Fastify from 'fastify'
import { answerTasks, portOf } from './tasks.ts'

const app = Fastify()
app.get('/', async () => ({ hello: 'world' }))
await app.listen({ host: '127.0.0.1', port: 0 })

answerTasks({ port: () => portOf(app.addresses()) }, () => app.close())
