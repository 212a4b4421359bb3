import type { Mail } from '../../lib/mail/mailer.ts'
import { readMarkdown } from '../../lib/mail/texts/markdown.ts'

export interface Sample { name: string, mail: Mail }

const appUrl = 'https://app.acme.example'
const token = 'QXlUaGVyZSdzTm9UaGluZ0hlcmVUb1NlZUdvQmFja1RvV29yaw_kR4-2vXq81'
const until = new Date('2026-11-27T09:12:00Z')
const occasion = {
  at: new Date('2026-11-20T09:12:00Z'),
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'
}
const unknownCaller = { ...occasion, ip: null, userAgent: null }

/** One mail of every kind, and of every form that it takes, in the language of a locale. */
export function sampleMails (locale: string): Sample[] {
  const reader = { to: 'ada@example.com', name: 'Ada Lovelace', locale, about: 'a sample' }
  const stranger = { ...reader, name: null }
  const applicant = { name: 'Charles Babbage', email: 'charles@example.org' }
  const link = (path: string) => `${appUrl}${path}#token=${token}`
  const resetUrl = link('/reset-password')
  const undoUrl = link('/undo-email-change')
  const device = 'Ada’s laptop'

  return [
    {
      name: 'verify_email',
      mail: { ...stranger, kind: 'verify_email', values: { code: '004271', minutes: 10 } }
    },
    {
      name: 'already_registered',
      mail: { ...reader, kind: 'already_registered', values: { attempt: 'registration', appUrl } }
    },
    {
      name: 'already_registered-email_change',
      mail: { ...reader, kind: 'already_registered', values: { attempt: 'email_change', appUrl } }
    },
    {
      name: 'password_reset',
      mail: { ...reader, kind: 'password_reset', values: { cause: 'forgotten', url: resetUrl, minutes: 60 } }
    },
    {
      name: 'password_reset-address_restored',
      mail: { ...reader, kind: 'password_reset', values: { cause: 'address_restored', url: resetUrl, minutes: 60 } }
    },
    {
      name: 'invitation',
      mail: { ...reader, kind: 'invitation', values: { url: link('/accept-invitation'), until } }
    },
    {
      name: 'confirm_email',
      mail: { ...stranger, kind: 'confirm_email', values: { url: link('/confirm-email'), until } }
    },
    {
      name: 'email_changed-requested',
      mail: { ...reader, kind: 'email_changed', values: { stage: 'requested', url: undoUrl, until }, occasion }
    },
    {
      name: 'email_changed-confirmed',
      mail: { ...reader, kind: 'email_changed', values: { stage: 'confirmed', url: undoUrl, until }, occasion }
    },
    {
      name: 'email_changed-arrived',
      mail: { ...reader, kind: 'email_changed', values: { stage: 'arrived' }, occasion }
    },
    {
      name: 'password_changed',
      mail: { ...reader, kind: 'password_changed', values: { how: 'changed', appUrl }, occasion }
    },
    {
      name: 'password_changed-reset',
      mail: { ...reader, kind: 'password_changed', values: { how: 'reset', appUrl }, occasion }
    },
    {
      name: 'new_device',
      mail: { ...reader, kind: 'new_device', values: { device, hasPassword: true, appUrl }, occasion }
    },
    {
      name: 'new_device-passkey',
      mail: { ...reader, kind: 'new_device', values: { device, hasPassword: false, appUrl }, occasion }
    },
    {
      name: 'new_device-unnamed',
      mail: { ...reader, kind: 'new_device', values: { device: null, hasPassword: true, appUrl }, occasion: unknownCaller }
    },
    ...(['strangers', 'device', 'session'] as const).map((bucket): Sample => ({
      name: `locked-${bucket}`,
      mail: { ...reader, kind: 'locked', values: { bucket, until, appUrl }, occasion }
    })),
    {
      name: 'second_factor_added',
      mail: { ...reader, kind: 'second_factor_added', values: { appUrl }, occasion }
    },
    {
      name: 'second_factor_removed',
      mail: { ...reader, kind: 'second_factor_removed', values: { appUrl }, occasion }
    },
    {
      name: 'second_factor_reset-requested',
      mail: {
        ...reader,
        kind: 'second_factor_reset',
        values: { stage: 'requested', url: link('/reset-second-factors'), until }
      }
    },
    {
      name: 'second_factor_reset-finished',
      mail: { ...reader, kind: 'second_factor_reset', values: { stage: 'finished', appUrl }, occasion }
    },
    ...[true, false].map((hasPassword): Sample => ({
      name: `second_factor_reset-removed${hasPassword ? '' : '-with_password'}`,
      mail: { ...reader, kind: 'second_factor_reset', values: { stage: 'removed', hasPassword, appUrl }, occasion }
    })),
    {
      name: 'passkey_added',
      mail: { ...reader, kind: 'passkey_added', values: { appUrl }, occasion }
    },
    ...(['passkey', 'totp'] as const).map((what): Sample => ({
      name: `factor_removed-${what}`,
      mail: { ...reader, kind: 'factor_removed', values: { what, appUrl }, occasion }
    })),
    {
      name: 'password_removed',
      mail: { ...reader, kind: 'password_removed', values: { appUrl }, occasion }
    },
    {
      name: 'recovery_codes_renewed',
      mail: { ...reader, kind: 'recovery_codes_renewed', values: { appUrl }, occasion }
    },
    ...[9, 1, 0].map((left): Sample => ({
      name: `recovery_code_used-${left}`,
      mail: { ...reader, kind: 'recovery_code_used', values: { left, appUrl }, occasion }
    })),
    {
      name: 'password_known',
      mail: { ...reader, kind: 'password_known', values: { until, appUrl }, occasion }
    },
    {
      name: 'reuse_detected',
      mail: { ...reader, kind: 'reuse_detected', values: { device, appUrl }, occasion }
    },
    {
      name: 'reuse_detected-unnamed',
      mail: { ...reader, kind: 'reuse_detected', values: { device: null, appUrl }, occasion }
    },
    {
      name: 'approval-pending',
      mail: { ...reader, kind: 'approval', values: { stage: 'pending', applicant, appUrl }, occasion: unknownCaller }
    },
    {
      name: 'approval-gathered',
      mail: {
        ...reader,
        kind: 'approval',
        values: { stage: 'gathered', applicants: [applicant, applicant, applicant], more: 12, appUrl },
        occasion: unknownCaller
      }
    },
    {
      name: 'approval-approved',
      mail: { ...reader, kind: 'approval', values: { stage: 'approved', appUrl } }
    },
    {
      name: 'approval-rejected',
      mail: { ...reader, kind: 'approval', values: { stage: 'rejected', reason: '№ 4711-b' } }
    },
    {
      name: 'approval-rejected-unsaid',
      mail: { ...reader, kind: 'approval', values: { stage: 'rejected', reason: null } }
    },
    {
      name: 'account_deleted',
      mail: { ...reader, kind: 'account_deleted', values: {}, occasion: unknownCaller }
    },
    {
      name: 'announcement',
      mail: { ...reader, kind: 'announcement', values: announcementIn(locale) }
    }
  ]
}

/** What an operator might write. */
function announcementIn (locale: string) {
  const isGerman = locale.startsWith('de')
  const subject = isGerman ? 'Acme Schools: Ihre Daten wurden gelesen' : 'Acme Schools: your data was read'
  const body = isGerman
    ? 'Am 20. November hat jemand Daten gelesen, auch Ihre.\n\n## Was Sie tun sollten\n\nWählen Sie ein neues Passwort.'
    : 'On 20 November somebody read data, and yours was among it.\n\n## What to do\n\nChoose a new password.'
  return { subject, body: readMarkdown(body) }
}
