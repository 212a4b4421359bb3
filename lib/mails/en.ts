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
  }),

  locked: ({ service, name, lane, until, appUrl }) => ({
    subject: `Too many wrong passwords for your ${service} account`,
    greeting: `Hello ${name},`,
    paragraphs: [
      `${guesses[lane].happened} Nobody got in that way. Until ${time(until)} ${guesses[lane].paused}`,
      'You need not wait: choose a new password with “Forgot password” on the sign-in page. The device on which you open the link from that mail can sign in at once.'
    ],
    link: { label: 'Go to the sign-in page', url: appUrl },
    otherwise: guesses[lane].otherwise
  })
}

const guesses = {
  strangers: {
    happened: 'wrong passwords for your account came from devices that have not signed in to it before.',
    paused: 'no such device is let in, whatever the password. Devices that you have signed in with before, and sessions that are open, go on as ever.',
    otherwise: 'If it was not you, there is nothing to do.'
  },
  device: {
    happened: 'wrong passwords for your account came from a device that has signed in to it before.',
    paused: 'that device is not let in, whatever the password. Other devices, and sessions that are open, go on as ever.',
    otherwise: 'If it was not you, somebody else has that device in their hands: end its sessions and choose a new password.'
  },
  session: {
    happened: 'in one of your sessions wrong passwords were entered where yours was asked for again.',
    paused: 'it is not asked for there, whatever the password; otherwise that session, and every other, goes on as ever.',
    otherwise: 'If it was not you, somebody else uses that session: end it and choose a new password.'
  }
}

function time (at: Date) {
  return `${at.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`
}

function count (number: number, unit: string) {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
