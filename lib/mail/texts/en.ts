import type { Language } from './kinds.ts'

/** English. Another language is another file like this one, listed in `languages.ts`. */
export const english: Language = {
  tag: 'en',
  greeting: name => name === null ? 'Hello,' : `Hello ${name},`,
  time: at => `${at.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`,
  agent: ({ program, platform }) => [program, platform].filter(part => part !== null).join(' on '),
  labels: {
    when: 'When',
    device: 'Device',
    address: 'IP address',
    otherwise: 'Was this not you?',
    paste: 'If the page asks for a code, copy this one into it:'
  },
  footer: service => `${service} sent this mail automatically, because it is about your account or your address.`,

  mails: {
    verify_email: ({ code, minutes }, service) => ({
      subject: `Confirm your email address for ${service}`,
      title: 'Confirm your email address',
      lead: `Enter this code where you are signing up for ${service}:`,
      code,
      terms: `It is valid for ${count(minutes, 'minute')} and works once. Nobody from ${service} will ever ask you for it.`,
      otherwise: 'Then ignore this mail: without the code no account is made.'
    }),

    already_registered: ({ attempt, appUrl }, service) => ({
      subject: `You already have an account with ${service}`,
      title: 'You already have an account',
      lead: attempt === 'registration'
        ? `Somebody, perhaps you, has just tried to sign up for ${service} with this address. It has an account already, so nothing was changed.`
        : `Somebody, perhaps you, has just tried to give another account with ${service} this address. It has an account of its own, so nothing was changed.`,
      advice: 'Sign in with your password. If you have forgotten it, you can choose a new one from the sign-in page.',
      link: { label: 'Go to the sign-in page', url: appUrl },
      otherwise: 'Then there is nothing to do: whoever tried was not told that you have an account.'
    }),

    password_reset: ({ cause, url, minutes }, service) => ({
      subject: `Choose a new password for ${service}`,
      title: 'Choose a new password',
      lead: cause === 'address_restored'
        ? `Your account with ${service} keeps this address. All sessions have been ended, and the password no longer works, because somebody else may have known it. Here you choose a new one:`
        : `Somebody, hopefully you, has said that the password of your account with ${service} is forgotten. Here you choose a new one:`,
      link: { label: 'Choose a new password', url },
      terms: `The link is valid for ${count(minutes, 'minute')} and works once. If you got several, only the newest works. ${cause === 'address_restored' ? 'Later you get another one with “Forgot password” on the sign-in page.' : 'The new password signs you out everywhere.'}`,
      ...cause === 'forgotten' && {
        otherwise: 'Then ignore this mail: your password stays as it is, and nobody gets in without this link.'
      }
    }),

    invitation: ({ url, until }, service) => ({
      subject: `You are invited to ${service}`,
      title: `You are invited to ${service}`,
      lead: `An account with ${service} has been made for you. Choose a password and it is yours:`,
      link: { label: 'Accept the invitation', url },
      terms: `The link is valid until ${english.time(until)} and works once. If you do not know why somebody should invite you, ignore this mail: without the link nobody can use the account.`
    }),

    confirm_email: ({ url, until }, service) => ({
      subject: `Confirm your new address for ${service}`,
      title: 'Confirm your new address',
      lead: `Somebody, hopefully you, wants to use this address for their account with ${service} from now on. It takes effect with this button:`,
      link: { label: 'Confirm this address', url },
      terms: `The link is valid until ${english.time(until)} and works once.`,
      otherwise: 'Then ignore this mail: without the link nothing is changed, and your address is not used.'
    }),

    email_changed: (values, service) => {
      switch (values.stage) {
        case 'requested': return {
          subject: `A new address for your ${service} account`,
          title: 'Your address is about to change',
          lead: `Somebody, hopefully you, wants to use another address for your account with ${service}. It takes the place of this one as soon as it has been confirmed.`,
          otherwise: `Then stop it: that ends all sessions of your account, and this address stays. The link is valid until ${english.time(values.until)}. Your password no longer works then, in case somebody knows it: another mail lets you choose a new one.`,
          remedy: { label: 'Keep this address', url: values.url }
        }
        case 'confirmed': return {
          subject: `The address of your ${service} account was changed`,
          title: 'Your address was changed',
          lead: `Your account with ${service} has another address from now on. This one can no longer be used to sign in, and gets no more mail about the account.`,
          otherwise: `Then take your account back: that ends all its sessions, and this address returns. The link is valid until ${english.time(values.until)}. Your password no longer works then, in case somebody knows it: another mail lets you choose a new one.`,
          remedy: { label: 'Bring this address back', url: values.url }
        }
        case 'arrived': return {
          subject: `This is the address of your ${service} account now`,
          title: 'Your new address is confirmed',
          lead: `From now on you sign in to ${service} with this address, and everything about your account is sent here. The address you had before was told.`,
          otherwise: `Then somebody has confirmed an address that is not theirs, from within your mailbox: choose a new password there, and tell ${service}.`
        }
      }
    },

    password_changed: ({ how, appUrl }, service) => ({
      subject: `Your ${service} password was changed`,
      title: 'Your password was changed',
      lead: how === 'reset'
        ? `A new password was chosen for your account with ${service}, by the link from a mail to this address. All sessions have been ended, so sign in again wherever you need to.`
        : `The password of your account with ${service} was changed. Every session but the one that changed it has been ended.`,
      otherwise: how === 'reset'
        ? 'Then somebody reads your mail: choose a new password for your mailbox first, then one here, with “Forgot password” on the sign-in page.'
        : 'Then choose a new password at once, with “Forgot password” on the sign-in page. That ends all sessions, also that of whoever did this.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    new_device: ({ device, hasPassword, appUrl }, service) => ({
      subject: `New sign-in to your ${service} account`,
      title: 'A new device has signed in',
      lead: `Somebody, hopefully you, has signed in to your account with ${service} on a device that it had not seen before.${device === null ? '' : ` The device calls itself “${device}”.`}`,
      advice: 'If it was you, there is nothing to do.',
      otherwise: hasPassword
        ? 'Then somebody knows your password: choose a new one at once, with “Forgot password” on the sign-in page. That ends all sessions, also this one.'
        : 'Then somebody has one of your passkeys: set a password with “Forgot password” on the sign-in page, which ends all sessions, then sign in and remove the passkeys that are not yours.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    locked: ({ bucket, until, appUrl }, service) => ({
      subject: `Too many wrong passwords for your ${service} account`,
      title: 'Too many wrong passwords',
      lead: `${guesses[bucket].happened} Nobody got in that way. Until ${english.time(until)} ${guesses[bucket].paused}`,
      advice: 'You need not wait: a passkey signs you in all the same, if you have one. Or choose a new password with “Forgot password” on the sign-in page. The device on which you open the link from that mail can sign in at once.',
      link: { label: 'Go to the sign-in page', url: appUrl },
      otherwise: guesses[bucket].otherwise
    }),

    reuse_detected: ({ device, appUrl }, service) => ({
      subject: `We ended one of your ${service} sessions`,
      title: 'One of your sessions was ended',
      lead: `A sign-in token of your session${device === null ? '' : ` on “${device}”`} was used a second time. That happens when somebody has copied it, so that session was ended. Other sessions go on.`,
      advice: 'If the device is yours, just sign in there again.',
      otherwise: 'Then change your password: that ends every other session. Do so too if this happens again.',
      remedy: { label: 'Review your sessions', url: appUrl }
    }),

    second_factor_added: ({ appUrl }, service) => ({
      subject: `Your ${service} account now asks for a second factor`,
      title: 'A second factor is on',
      lead: `From now on, signing in to your account with ${service} takes a second factor beside the password: a code of your authenticator app, or a passkey. Every session but the one that switched this on has been ended.`,
      advice: 'Keep your recovery codes where you find them without your phone: each of them signs you in once.',
      otherwise: 'Then somebody has used your account: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, and ask whoever runs the service for help.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    second_factor_removed: ({ appUrl }, service) => ({
      subject: `Your ${service} account no longer asks for a second factor`,
      title: 'The second factor is off',
      lead: `From now on the password alone signs in to your account with ${service}. Every session but the one that switched the second factor off has been ended.`,
      otherwise: 'Then somebody has used your account: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, and switch the second factor on again.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    second_factor_reset: (values, service) => {
      switch (values.stage) {
        case 'requested': return {
          subject: `Reset the second factor of your ${service} account`,
          title: 'Reset your second factor',
          lead: `An administrator has been asked to let you add a new second factor to your account with ${service}, because the old one is lost. Sign in here with your password, then add the new one:`,
          link: { label: 'Add a new second factor', url: values.url },
          terms: `The link is valid until ${english.time(values.until)}, together with your present password. As soon as the new factor is added, the old ones and your recovery codes no longer work, and you are signed out everywhere else.`,
          otherwise: 'Then sign in as usual, with your second factor: that makes the link worthless. Choose a new password afterwards, in case somebody knows yours, and tell whoever runs the service.'
        }
        case 'finished': return {
          subject: `The second factor of your ${service} account was reset`,
          title: 'Your second factor was reset',
          lead: `A new second factor has taken the place of all others of your account with ${service}. The old ones and the old recovery codes no longer work. Every session but the one that did this has been ended.`,
          advice: 'Keep your new recovery codes where you find them without your phone: each of them signs you in once.',
          otherwise: 'Then somebody has used your password and your mailbox: choose a new password there, then one for this account with “Forgot password” on the sign-in page, and ask whoever runs the service for help.',
          remedy: { label: 'Go to the sign-in page', url: values.appUrl }
        }
        case 'removed': return {
          subject: `The second factors of your ${service} account were removed`,
          title: 'Your second factors were removed',
          lead: `An administrator has removed every passkey, the authenticator app and the recovery codes of your account with ${service}, because they were lost or not yours. None of them signs in any more, and every session has been ended.`,
          advice: values.hasPassword
            ? 'Your password signs you in, as before. Add a new passkey or authenticator app afterwards.'
            : 'Your password was removed, too: choose a new one with “Forgot password” on the sign-in page, then add a new passkey or authenticator app.',
          otherwise: 'Then tell whoever runs the service.',
          remedy: { label: 'Go to the sign-in page', url: values.appUrl }
        }
      }
    },

    passkey_added: ({ appUrl }, service) => ({
      subject: `A new passkey for your ${service} account`,
      title: 'You have a new passkey',
      lead: `A passkey was added to your account with ${service}. Whoever has it signs in without your password.`,
      advice: 'If it was you, there is nothing to do.',
      otherwise: 'Then somebody has used your account: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, and have the passkey removed: with a second factor of your own you do so yourself, without one whoever runs the service does it for you.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    factor_removed: ({ what, appUrl }, service) => ({
      subject: `${what === 'passkey' ? 'A passkey' : 'The authenticator app'} of your ${service} account was removed`,
      title: what === 'passkey' ? 'A passkey was removed' : 'The authenticator app was removed',
      lead: `${what === 'passkey' ? 'A passkey' : 'The authenticator app'} was removed from your account with ${service} and no longer signs in. Every session but the one in which that was done has been ended.`,
      otherwise: 'Then somebody has used your account: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, and look at what else signs in to your account.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    password_removed: ({ appUrl }, service) => ({
      subject: `Your ${service} account has no password any more`,
      title: 'Your password is gone',
      lead: `The password of your account with ${service} was given up. From now on your passkeys sign you in, and no password does. Every session but the one in which that was done has been ended.`,
      advice: 'Keep your recovery codes where you find them without your devices. If you lose your passkeys, set a password with “Forgot password” on the sign-in page, and sign in with it and one of the codes.',
      otherwise: 'Then somebody has used your account with one of your passkeys: set a password with “Forgot password” on the sign-in page, which ends all sessions, then sign in, and remove the passkeys that are not yours.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    recovery_codes_renewed: ({ appUrl }, service) => ({
      subject: `New recovery codes for your ${service} account`,
      title: 'You have new recovery codes',
      lead: `New recovery codes were made for your account with ${service}. The old ones no longer work.`,
      otherwise: 'Then somebody has used your account: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, then sign in and make new recovery codes.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    recovery_code_used: ({ left, appUrl }, service) => ({
      subject: `A recovery code of your ${service} account was used`,
      title: 'A recovery code was used',
      lead: `Somebody, hopefully you, has used one of the recovery codes of your account with ${service} instead of the authenticator app. ${left === 0 ? 'None is left.' : `${count(left, 'code')} ${left === 1 ? 'is' : 'are'} left.`}`,
      advice: left <= 2 ? 'Make new ones now: without them and without your phone there is no way in.' : 'If it was you, there is nothing to do.',
      otherwise: 'Then somebody knows your password and has your recovery codes: choose a new password with “Forgot password” on the sign-in page, which ends all sessions, then sign in and make new recovery codes.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    password_known: ({ until, appUrl }, service) => ({
      subject: `Somebody knows your ${service} password`,
      title: 'Somebody knows your password',
      lead: `Somebody has entered the right password of your account with ${service}, and then wrong codes. Nobody got in that way. Until ${english.time(until)} no code is accepted from where they came.`,
      advice: 'If it was you, check the clock of the device with your authenticator app.',
      otherwise: 'Then choose a new password at once, with “Forgot password” on the sign-in page, and use it nowhere else.',
      remedy: { label: 'Go to the sign-in page', url: appUrl }
    }),

    approval: (values, service) => {
      switch (values.stage) {
        case 'pending': return {
          subject: `Somebody waits for your approval at ${service}`,
          title: 'Somebody waits for your approval',
          lead: `Somebody has signed up for ${service} and cannot sign in before the account has been approved. You are one of those who may do that.`,
          details: [['Name', values.applicant.name], ['Email address', values.applicant.email]],
          advice: 'The name is what they call themself; nobody has checked it.',
          link: { label: `Go to ${service}`, url: values.appUrl }
        }
        case 'gathered': return {
          subject: `${values.applicants.length + values.more} people wait for your approval at ${service}`,
          title: `${values.applicants.length + values.more} people wait for your approval`,
          lead: `Several people have signed up for ${service} within the last hour and cannot sign in before their accounts have been approved. You are one of those who may do that.`,
          details: values.applicants.map(({ name, email }, place) => [String(place + 1), `${name}, ${email}`]),
          advice: `${values.more > 0 ? `And ${values.more} more. ` : ''}The names are what they call themselves; nobody has checked them.`,
          link: { label: `Go to ${service}`, url: values.appUrl }
        }
        case 'approved': return {
          subject: `Your ${service} account has been approved`,
          title: 'Your account has been approved',
          lead: `Somebody from ${service} has looked at your account and approved it. You can sign in from now on.`,
          link: { label: 'Go to the sign-in page', url: values.appUrl }
        }
        case 'rejected': return {
          subject: `Your ${service} account has not been approved`,
          title: 'Your account has not been approved',
          lead: `Somebody from ${service} has looked at your account and decided not to approve it. You cannot sign in with it.`,
          ...(values.reason !== null && { details: [['Reason', values.reason]] })
        }
      }
    },

    account_deleted: (_, service) => ({
      subject: `Your ${service} account was deleted`,
      title: 'Your account was deleted',
      lead: `Your account with ${service} has been deleted, with everything personal in it. All its sessions have ended. It cannot be brought back.`,
      advice: 'This is the last mail about it. You may sign up again with this address at any time.',
      otherwise: `Then somebody was signed in as you: choose new passwords wherever you use the same one, for your mailbox above all, and tell ${service}.`
    }),

    announcement: ({ subject, body }) => ({ subject, title: subject, body })
  }
}

const guesses = {
  strangers: {
    happened: 'Wrong passwords for your account came from devices that have not signed in to it before.',
    paused: 'no such device is let in, whatever the password. Devices that you have signed in with before, and sessions that are open, go on as ever.',
    otherwise: 'Then there is nothing to do.'
  },
  device: {
    happened: 'Wrong passwords for your account came from a device that has signed in to it before.',
    paused: 'that device is not let in, whatever the password. Other devices, and sessions that are open, go on as ever.',
    otherwise: 'Then somebody else has that device in their hands: end its sessions and choose a new password.'
  },
  session: {
    happened: 'In one of your sessions wrong passwords were entered where yours was asked for again.',
    paused: 'it is not asked for there, whatever the password; otherwise that session, and every other, goes on as ever.',
    otherwise: 'Then somebody else uses that session: end it and choose a new password.'
  }
}

function count (number: number, unit: string) {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
