import type { Language } from './kinds.ts'

/** English. Another language is another file like this one, listed in `languages.ts`. */
export const english: Language = {
  // Without the name: whoever signs up with somebody else's address must not choose what it reads.
  verify_email: ({ service, code, minutes }) => ({
    subject: `Confirm your email address for ${service}`,
    greeting: 'Hello,',
    paragraphs: [
      `enter this code where you are signing up for ${service}:`,
      `It is valid for ${count(minutes, 'minute')} and works once. Nobody from ${service} will ever ask you for it.`
    ],
    code,
    otherwise: 'If it was not you who is signing up, ignore this mail: without the code no account is made.'
  }),

  already_registered: ({ service, name, appUrl }) => ({
    subject: `You already have an account with ${service}`,
    greeting: `Hello ${name},`,
    paragraphs: [
      `somebody, perhaps you, has just tried to sign up for ${service} with this address. It has an account already, so nothing was changed.`,
      'Sign in with your password. If you have forgotten it, you can choose a new one from the sign-in page.'
    ],
    link: { label: 'Go to the sign-in page', url: appUrl },
    otherwise: 'If it was not you, there is nothing to do: whoever tried was not told that you have an account.'
  }),

  reuse_detected: ({ service, name, device, at, appUrl }) => ({
    subject: `We ended one of your ${service} sessions`,
    greeting: `Hello ${name},`,
    paragraphs: [
      `on ${time(at)} a sign-in token of your session${device === null ? '' : ` on “${device}”`} was used a second time. That happens when somebody has copied it, so we ended that session. Other sessions go on.`,
      'If the device is yours, just sign in there again.'
    ],
    link: { label: 'Review your sessions', url: appUrl },
    otherwise: 'If you do not know the device, or this happens again, change your password: that ends every other session.'
  }),

  password_changed: ({ service, name, at, appUrl }) => ({
    subject: `Your ${service} password was changed`,
    greeting: `Hello ${name},`,
    paragraphs: [`your password was changed on ${time(at)}. Every other session of yours has been ended.`],
    link: { label: 'Go to the sign-in page', url: appUrl },
    otherwise: 'If it was not you, choose a new password at once with “Forgot password” on the sign-in page.'
  })
}

function time (at: Date) {
  return `${at.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`
}

function count (number: number, unit: string) {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
