// npm run client: writes the types and the calls of the clients, from an app on private stores.
import { writeFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { renderDartModels, renderDartOperations } from './clients/dart-client.ts'
import type { DartDocument } from './clients/dart-client.ts'
import { renderOperations } from './clients/operations.ts'
import { renderClientSchema } from './clients/schema.ts'
import { writeFromNewDeployment } from './documents/new-deployment.ts'

const generated = 'clients/javascript/src/generated'
const generatedDart = 'clients/dart/lib/src/generated'

// With every optional route.
await writeFromNewDeployment(write, { SECURITY_CONTACT: 'mailto:security@example.com' })

async function write (app: FastifyInstance) {
  const document = app.swagger()
  writeFileSync(`${generated}/schema.ts`, await renderClientSchema(document))
  writeFileSync(`${generated}/operations.ts`, renderOperations(document))
  writeFileSync(`${generatedDart}/models.dart`, renderDartModels(document as DartDocument))
  writeFileSync(`${generatedDart}/operations.dart`, renderDartOperations(document as DartDocument))
  console.log(`${generated} and ${generatedDart} are up to date`)
}
