import type { components, operations } from './generated/schema.ts'
import type { SignedIn } from './session.ts'

export type User = components['schemas']['User']
export type Problem = components['schemas']['Problem']
export type TokenResponse = components['schemas']['TokenResponse']

/** The name of a call in the OpenAPI document. */
export type OperationId = keyof operations

type Responses<Id extends OperationId> = operations[Id]['responses']
type Content<Response, Type extends string> = Response extends { content: Record<Type, infer Body> } ? Body : never
type Json<Response> = Response extends { content: Record<'application/json', infer Body> } ? Body : undefined
type Values<Type> = Type[keyof Type]

/**
 * The codes with which a call may be refused: those of its operation, and those of the refresh that goes before it. No
 * refresh goes before a sign-in.
 */
export type CodeOf<Id extends OperationId> = AnsweredCode<Id> | (Id extends Entering ? never : AnsweredCode<'refresh'>)

/** Calls of somebody who signs in. */
type Entering = `login${string}` | 'getSecondFactorOptions' | 'getPasskeyLoginOptions'

/** The codes that the document lists for an operation; for several, all of theirs. */
type AnsweredCode<Id extends OperationId> = Id extends OperationId ? ProblemOf<Responses<Id>>['code'] : never

type ProblemOf<Responses> = Extract<
  Values<{ [Status in keyof Responses]: Content<Responses[Status], 'application/problem+json'> }>,
  { code: string }
>

type Success = 200 | 201 | 202 | 204

/** The answer of an operation. Tokens never leave the client: in their place comes the session. */
export type AnswerOf<Id extends OperationId> =
  WithoutTokens<Values<{ [Status in keyof Responses<Id> & Success]: Json<Responses<Id>[Status]> }>>

type WithoutTokens<Answer> = Answer extends TokenResponse
  ? SignedIn & Pick<Answer, Extract<keyof Answer, 'recovery_codes' | 'passkey'>>
  : Answer extends undefined ? void : Answer

/** What the client adds by itself. */
type Added = 'transport' | 'device_token' | 'refresh_token'

/** Fields, or nothing to ask for where the document has none. */
type Fields<Given> = string extends keyof NonNullable<Given> ? unknown : NonNullable<Given>
type Path<Id extends OperationId> = Fields<operations[Id]['parameters']['path']>
type Query<Id extends OperationId> = Counted<Fields<operations[Id]['parameters']['query']>>
/** A query is text, so a number does as well. */
type Counted<Query> = { [Name in keyof Query]: string extends Query[Name] ? Query[Name] | number : Query[Name] }
type Body<Id extends OperationId> =
  operations[Id] extends { requestBody?: infer Given } ? Fields<Json<Fields<Given>>> : unknown

/** JSON has no undefined, so a field that may be left out may be undefined as well. */
type Flat<Fields> = {
  [Name in keyof Fields as Exclude<Name, Added>]: Fields[Name] | (object extends Pick<Fields, Name> ? undefined : never)
}

/** The input of an operation: the fields of its path, its query and its body, in one object. */
export type InputOf<Id extends OperationId> =
  Flat<Path<Id> & Query<Id> & Body<Id>>
