import { Type } from '@sinclair/typebox'
import type { Clock } from '../../clock.ts'
import type { OneTimeTokens } from '../../tokens/one-time-tokens.ts'
import type { Account, MailSubjectStore } from '../subject-store.ts'
import type { OneTimeToken, OneTimeTokenStore, Purpose } from '../../tokens/one-time-token-store.ts'
import { on, to } from './draft.ts'
import type { Occasions } from './occasions.ts'

export interface LinkDraftParts {
  subjects: Pick<MailSubjectStore, 'account' | 'accountAt'>
  tokenStore: Pick<OneTimeTokenStore, 'find'>
  tokens: Pick<OneTimeTokens, 'tokenOf'>
  occasionOf: Occasions['occasionOf']
  clock: Pick<Clock, 'now'>
  /** The beginning of links, whatever host the request was sent to. */
  appUrl: string
}

const ofToken = Type.Object({ tokenId: Type.String() })
const ofReset = Type.Object({
  tokenId: Type.String(),
  cause: Type.Optional(Type.Union([Type.Literal('forgotten'), Type.Literal('address_restored')]))
})
const ofAddress = Type.Object({
  tokenId: Type.String(),
  stage: Type.Union([Type.Literal('requested'), Type.Literal('confirmed')]),
  eventId: Type.Optional(Type.Integer())
})

/** The page of the web application that takes a token. */
const pages: Record<Purpose, string> = {
  password_reset: '/reset-password',
  invitation: '/accept-invitation',
  email_change: '/confirm-email',
  email_undo: '/undo-email-change',
  second_factor_reset: '/reset-second-factors'
}

/** The mails whose link does something. For a token that is used, expired or replaced there is no mail. */
export function draftLinks ({ subjects, tokenStore, tokens, occasionOf, clock, appUrl }: LinkDraftParts) {
  return {
    password_reset: on(ofReset, async ({ tokenId, cause = 'forgotten' }) => {
      const { token, owner } = await find('password_reset', tokenId)
      if (token === null || owner?.status !== 'active') return null

      const minutes = Math.ceil((token.expiresAt.getTime() - clock.now()) / 60_000)
      return { kind: 'password_reset', ...to(owner), about: tokenId, values: { cause, url: urlOf(token), minutes } }
    }),

    invitation: on(ofToken, async ({ tokenId }) => {
      const { token, owner } = await find('invitation', tokenId)
      if (token === null || owner?.status !== 'active') return null

      return {
        kind: 'invitation',
        ...to(owner),
        about: tokenId,
        values: { url: urlOf(token), until: token.expiresAt }
      }
    }),

    // Where the administrator was is not for the user to know.
    second_factor_reset: on(ofToken, async ({ tokenId }) => {
      const { token, owner } = await find('second_factor_reset', tokenId)
      if (token === null || owner?.status !== 'active') return null

      return {
        kind: 'second_factor_reset',
        ...to(owner),
        about: tokenId,
        values: { stage: 'requested', url: urlOf(token), until: token.expiresAt }
      }
    }),

    // If the address has another account by now, its owner gets a notice of the attempt instead.
    confirm_email: on(ofToken, async ({ tokenId }) => {
      const { token, owner } = await find('email_change', tokenId)
      if (token === null || token.email === null || token.emailCanonical === null) return null
      if (owner?.status !== 'active') return null

      const holder = await subjects.accountAt(token.emailCanonical)
      if (holder !== null && holder.id !== owner.id) {
        return {
          kind: 'already_registered',
          ...to(holder),
          about: tokenId,
          values: { attempt: 'email_change', appUrl }
        }
      }
      return {
        kind: 'confirm_email',
        to: token.email,
        // Somebody may have entered another person's address, and must not choose what that person reads.
        name: null,
        locale: owner.locale,
        about: tokenId,
        values: { url: urlOf(token), until: token.expiresAt }
      }
    }),

    email_changed: on(ofAddress, async ({ tokenId, stage, eventId }, job) => {
      const { token, owner } = await find('email_undo', tokenId)
      if (token === null || token.email === null || owner === null) return null

      return {
        kind: 'email_changed',
        ...to(owner),
        to: token.email,
        about: `${tokenId} ${stage}`,
        values: { stage, url: urlOf(token), until: token.expiresAt },
        occasion: await occasionOf(job, owner.id, eventId)
      }
    })
  }

  async function find (purpose: Purpose, id: string): Promise<{ token: OneTimeToken | null, owner: Account | null }> {
    const token = await tokenStore.find(id, purpose, new Date(clock.now()))
    const owner = token === null || token.userId === null ? null : await subjects.account(token.userId)
    return { token, owner }
  }

  function urlOf ({ purpose, id }: OneTimeToken) {
    return `${appUrl}${pages[purpose]}#token=${tokens.tokenOf(purpose, id)}`
  }
}
