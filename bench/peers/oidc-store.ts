import type { Adapter } from 'oidc-provider'
import type pg from 'pg'

/** The table of all models, with what they are looked up by in columns of its own. */
const table = `
  create table if not exists oidc_models (
    model text,
    id text,
    payload jsonb not null,
    grant_id text,
    uid text,
    user_code text,
    expires_at timestamptz,
    consumed_at timestamptz,
    primary key (model, id)
  );
  create index if not exists oidc_models_grant_id on oidc_models (grant_id) where grant_id is not null;
  create index if not exists oidc_models_uid on oidc_models (uid) where uid is not null;
  create index if not exists oidc_models_user_code on oidc_models (user_code) where user_code is not null`

interface Payload { grantId?: string, uid?: string, userCode?: string }

/**
 * The adapter to Postgres that the documentation of oidc-provider leaves to its users: for each model the functions of
 * its `example/my_adapter.js`. Statements are prepared once for each connection.
 */
export async function createOidcStore (pool: pg.Pool): Promise<(model: string) => Adapter> {
  await pool.query(table)

  return model => ({
    async upsert (id, payload: Payload, expiresIn) {
      const { grantId = null, uid = null, userCode = null } = payload
      await run('upsert', `
        insert into oidc_models (model, id, payload, grant_id, uid, user_code, expires_at)
        values ($1, $2, $3, $4, $5, $6, now() + $7::int * interval '1 second')
        on conflict (model, id) do
        update set (payload, uid, expires_at) = (excluded.payload, excluded.uid, excluded.expires_at)`,
      [model, id, JSON.stringify(payload), grantId, uid, userCode, expiresIn ?? null])
    },
    find: async id => await find(model, 'id', id),
    findByUid: async uid => await find(model, 'uid', uid),
    findByUserCode: async userCode => await find(model, 'user_code', userCode),
    async consume (id) {
      await run('consume', 'update oidc_models set consumed_at = now() where model = $1 and id = $2', [model, id])
    },
    async destroy (id) {
      await run('destroy', 'delete from oidc_models where model = $1 and id = $2', [model, id])
    },
    async revokeByGrantId (grantId) {
      await run('revoke', 'delete from oidc_models where grant_id = $1', [grantId])
    }
  })

  async function find (model: string, column: 'id' | 'uid' | 'user_code', value: string) {
    const { rows: [row] } = await pool.query<{ found: object }>({
      name: `find by ${column}`,
      text: `
        select payload || jsonb_strip_nulls(jsonb_build_object('consumed', extract(epoch from consumed_at)::int)) as found
        from oidc_models
        where model = $1 and ${column} = $2`,
      values: [model, value]
    })
    return row?.found
  }

  async function run (name: string, text: string, values: Array<string | number | null>) {
    await pool.query({ name, text, values })
  }
}
