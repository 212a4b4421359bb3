/** The kinds of mail there are, each with what its text is made of. The name is the X-Latchkey-Mail header. */
export interface MailValues {
  verify_email: { code: string, minutes: number }
  already_registered: { name: string, appUrl: string }
  reuse_detected: { name: string, device: string | null, at: Date, appUrl: string }
  password_changed: { name: string, at: Date, appUrl: string }
  locked: { name: string, lane: 'strangers' | 'device' | 'session', until: Date, appUrl: string }
}

export type MailKind = keyof MailValues

/** What a mail says, in plain text; the layout makes text and HTML of it and does the escaping. */
export interface MailContent {
  subject: string
  greeting: string
  paragraphs: string[]
  /** Shown large, on a line of its own. */
  code?: string
  /** A button in HTML, label and address in text. */
  link?: { label: string, url: string }
  /** What to do if the reader did not cause this mail. */
  otherwise: string
}

/** One language: a text for every kind. `service` is the name of the sender. */
export type Language = { [Kind in MailKind]: (values: MailValues[Kind] & { service: string }) => MailContent }
