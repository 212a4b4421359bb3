import openapiTS, { astToString } from 'openapi-typescript'

const banner = '// Made by `npm run client` from what the server says at /docs/json. Do not edit.\n\n'

/** The types of an OpenAPI document, for clients/javascript. */
export async function renderClientSchema (document: object): Promise<string> {
  const types = await openapiTS(JSON.stringify(document), {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    silent: true
  })
  return banner + astToString(types)
}
