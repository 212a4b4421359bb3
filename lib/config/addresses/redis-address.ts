/** A host and its port. */
export interface RedisHost { host: string, port: number }

/** The address of Redis and its credentials: one server, the Sentinels that know it, or nodes of a Cluster. */
export type RedisAddress = Access & (
  | RedisHost & { kind: 'server', db: number }
  | { kind: 'sentinel', sentinels: RedisHost[], name: string }
  | { kind: 'cluster', nodes: RedisHost[] }
)

interface Access { username: string | undefined, password: string | undefined, isEncrypted: boolean }

interface Parts { schemes: string, access: Access, hosts: string[], path: string, query: string }

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`, `redis+sentinel://[:password@]host,host/name` and
 * `redis://[[user]:password@]host,host?cluster`, each with `rediss` for TLS (IANA's registration of redis and
 * rediss; `URL` cannot parse lists of hosts). Sentinels are asked with the password of the servers.
 * @throws Error which says what is wanted and shows nothing of what was given
 */
export function readRedisAddress (text: string): RedisAddress {
  const { schemes, access, hosts, path, query } = split(text)
  const isCluster = /^\?cluster(=true)?$/.test(query)
  if (query !== '' && !isCluster) throw new Error('must not have a query other than ?cluster')

  if (schemes.endsWith('+sentinel')) {
    if (isCluster) throw new Error('must name Sentinels or a Cluster, not both')
    if (!/^[\w.-]+$/.test(path)) {
      throw new Error('must end with the name that the Sentinels watch: redis+sentinel://host:26379,host:26379/name')
    }
    return { kind: 'sentinel', ...access, sentinels: hosts.map(host => readHost(host, 26379)), name: path }
  }
  if (isCluster) {
    if (!/^0?$/.test(path)) throw new Error('must not name a database: a Cluster has only one')
    return { kind: 'cluster', ...access, nodes: hosts.map(host => readHost(host, 6379)) }
  }

  const [host = '', ...others] = hosts
  if (others.length > 0) throw new Error('names several hosts: add ?cluster, or write redis+sentinel://…/name')
  if (!/^\d{0,5}$/.test(path)) throw new Error('must end with the number of a database or nothing')
  return { kind: 'server', ...access, ...readHost(host, 6379), db: Number(path) }
}

/** Scheme, credentials, hosts, path and query. */
const form = /^(rediss?(?:\+sentinel)?):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^@?#]*))?(\?[^@#]*)?$/

function split (text: string): Parts {
  const [, schemes = '', credentials, hosts = '', path = '', query = ''] = form.exec(text) ?? []
  if (schemes === '') {
    throw new Error('must be a redis://, rediss://, redis+sentinel:// or rediss+sentinel:// URL, with / ? # @ in a password percent-encoded')
  }

  const [username, ...password] = (credentials ?? '').split(':')
  const access = {
    username: decode(username),
    password: decode(password.join(':')),
    isEncrypted: schemes.startsWith('rediss')
  }
  return { schemes, access, hosts: hosts.split(','), path, query }
}

function decode (text: string | undefined) {
  if (text === undefined || text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a user or password that is not percent-encoded')
  }
}

function readHost (text: string, defaultPort: number): RedisHost {
  const [, address, name, port = defaultPort] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = address ?? name
  if (host === undefined || Number(port) < 1 || Number(port) > 65535) {
    throw new Error('must list hosts as host:port, with commas and nothing else between them')
  }
  return { host, port: Number(port) }
}

/** The names and addresses of the hosts that are named. */
export function hostsOf (address: RedisAddress): string[] {
  if (address.kind === 'server') return [address.host]
  return (address.kind === 'cluster' ? address.nodes : address.sentinels).map(({ host }) => host)
}
