import type { Block } from './markdown.ts'
import type { Agent } from './user-agent.ts'

/** Every kind of mail, with the values in its text. The name is the value of the X-Latchkey-Mail header. */
export interface MailValues {
  verify_email: { code: string, minutes: number }
  /** To the owner of an address that somebody tried to register, or to give to another account. */
  already_registered: { attempt: 'registration' | 'email_change', appUrl: string }
  /** `address_restored`: a change of the address was undone, which took the password away. */
  password_reset: { cause: 'forgotten' | 'address_restored', url: string, minutes: number }
  invitation: { url: string, until: Date }
  confirm_email: { url: string, until: Date }
  /** To the old address, with a link that undoes it; and, when it is done, to the new address. */
  email_changed: { stage: 'requested' | 'confirmed', url: string, until: Date } | { stage: 'arrived' }
  password_changed: { how: 'changed' | 'reset', appUrl: string }
  /** `device` is the name that the device gave. */
  new_device: { device: string | null, hasPassword: boolean, appUrl: string }
  /** `bucket`: the kind of the bucket that wrong passwords have locked. */
  locked: { bucket: 'strangers' | 'device' | 'session', until: Date, appUrl: string }
  reuse_detected: { device: string | null, appUrl: string }
  approval:
    | { stage: 'pending', applicant: Applicant, appUrl: string }
    /** `more`: how many others wait, whose names the mail does not give. */
    | { stage: 'gathered', applicants: Applicant[], more: number, appUrl: string }
    | { stage: 'approved', appUrl: string }
    | { stage: 'rejected', reason: string | null }
  /** A password alone signs in no longer. */
  second_factor_added: { appUrl: string }
  /** A password alone signs in again. */
  second_factor_removed: { appUrl: string }
  /** With the link of a reset; and, when a new factor has taken the place of all others, or all are gone. */
  second_factor_reset:
    | { stage: 'requested', url: string, until: Date }
    | { stage: 'finished', appUrl: string }
    /** `hasPassword`: whether one signs in, or was removed as well. */
    | { stage: 'removed', hasPassword: boolean, appUrl: string }
  passkey_added: { appUrl: string }
  /** A factor is gone; the sign-in demands what it did before. */
  factor_removed: { what: 'passkey' | 'totp', appUrl: string }
  /** Passkeys sign in from now on, and no password. */
  password_removed: { appUrl: string }
  recovery_codes_renewed: { appUrl: string }
  recovery_code_used: { left: number, appUrl: string }
  /** Somebody who knows the password has entered wrong codes, and is paused until then. */
  password_known: { until: Date, appUrl: string }
  account_deleted: Record<never, never>
  /** What an operator writes to many users. */
  announcement: { subject: string, body: Block[] }
}

/** An applicant, with the name fit for a mail to others. */
export interface Applicant { name: string, email: string }

export type MailKind = keyof MailValues

/** A kind of mail, with the values in its text. */
export type Topic = { [Kind in MailKind]: { kind: Kind, values: MailValues[Kind] } }[MailKind]

/** When something happened, and from where as far as that is known. */
export interface Occasion { at: Date, ip: string | null, userAgent: string | null }

/** The content of a mail, in plain text. The layout makes text and HTML of it, and escapes it. */
export interface MailContent {
  subject: string
  /** The heading: the subject without the name of the service. */
  title: string
  /** The sentence after the greeting: the message in short. */
  lead?: string
  /** In place of it, a text of several parts. */
  body?: Block[]
  /** Names and values, as a table. The occasion is added to them, as far as it is known. */
  details?: Detail[]
  /** What to know or to do. */
  advice?: string
  /** Shown large, on a line of its own. */
  code?: string
  /** The link of the mail: a button in HTML, label and address in text. */
  link?: Link
  /** How long and how often the code or link is valid. */
  terms?: string
  /** What to do if the reader did not cause this mail. */
  otherwise?: string
  /** Where to do it. */
  remedy?: Link
}

export interface Link { label: string, url: string }

export type Detail = [name: string, value: string]

/** One language: the texts that all mails share, and those of every kind. `service` is the name of the sender. */
export interface Language {
  /** Its primary subtag (BCP 47). */
  tag: string
  /** Null where the mail must not carry a name that a stranger may have chosen. */
  greeting (name: string | null): string
  time (at: Date): string
  agent (agent: Agent): string
  /** `paste` stands before the token of a link, for a page that did not get it. */
  labels: { when: string, device: string, address: string, otherwise: string, paste: string }
  footer (service: string): string
  mails: { [Kind in MailKind]: (values: MailValues[Kind], service: string) => MailContent }
}
