import openapiTypes, { astToString } from 'openapi-typescript'

/** Where the types of the client that the tests use are kept. */
export const CLIENT_TYPES = 'test/generated/openapi.ts'

/** The TypeScript types of an OpenAPI document, as any user would generate them. */
export const clientTypes = async (yaml: string): Promise<string> => HEAD + astToString(await openapiTypes(yaml))

const HEAD = '// Made from openapi.yaml by `npm run openapi`.\n'
