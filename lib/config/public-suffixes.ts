import { isIP } from 'node:net'

/**
 * Suffixes under which anybody can have a name: second levels of countries, and platforms.
 *
 * This is a part of the Public Suffix List (https://publicsuffix.org), enough to stop a mistake with a
 * sentence. It need not be complete: a browser drops a cookie whose domain is on its own list, so a suffix that is
 * missing here costs the sign-in of every browser and nobody's safety.
 */
const secondLevels = /^(ac|co|com|edu|gob|gouv|gov|go|id|info|ltd|me|mil|ne|net|or|org|plc|sch)\.[a-z]{2}$/
const platforms = new Set([
  'appspot.com', 'a.run.app', 'run.app', 'web.app', 'firebaseapp.com', 'cloudfunctions.net',
  'azurewebsites.net', 'azurestaticapps.net', 'cloudapp.net', 'azurecontainerapps.io',
  'cloudfront.net', 'amazonaws.com', 'elasticbeanstalk.com', 'amplifyapp.com', 'awsapprunner.com',
  'fly.dev', 'herokuapp.com', 'onrender.com', 'railway.app', 'up.railway.app', 'ondigitalocean.app', 'koyeb.app',
  'vercel.app', 'netlify.app', 'pages.dev', 'workers.dev', 'github.io', 'gitlab.io', 'deno.dev', 'surge.sh',
  'ngrok.io', 'ngrok.app', 'ngrok-free.app', 'ngrok.dev', 'trycloudflare.com', 'ts.net', 'loca.lt',
  'replit.app', 'replit.dev', 'glitch.me', 'gitpod.io', 'github.dev', 'duckdns.org', 'eu.org', 'blogspot.com'
])

/** Whether a domain of two or more labels is known to be one that strangers share. */
export const isPublicSuffix = (domain: string) => secondLevels.test(domain) || platforms.has(domain)

/** The registrable domain of a host, which browsers call its site. An address, or a name of one label, is its own. */
export function siteOf (host: string): string {
  if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) return host

  const labels = host.split('.')
  const suffixes = labels.map((_, place) => labels.slice(place).join('.'))
  const publicPlace = suffixes.findIndex(isPublicSuffix)
  return suffixes[(publicPlace === -1 ? Math.max(0, labels.length - 1) : publicPlace) - 1] ?? host
}
