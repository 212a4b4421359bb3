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
