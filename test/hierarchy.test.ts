import t from 'tap'
import { mayActOn, mayAssign } from '../lib/access/hierarchy.ts'
import { brief, rowOf, signed, vendor } from './support/accounts/people.ts'
import type { Signed } from './support/accounts/people.ts'
import { cheapHasher } from './support/hashers.ts'
import { as, deploy, start } from './support/helper.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('the rules hold as they are written', async t => {
  const ranks = { super_admin: 100, colonel: 100, admin: 80, accountant: 60, vendor: 20, user: 10 }
  const people = Object.entries(ranks).map(([role, rank]) => ({ id: role, role, rank }))

  for (const actor of people) {
    for (const subject of people) {
      const below = subject.rank < actor.rank
      t.equal(mayActOn(actor, { ...subject, id: 'another' }), below || (actor.role === 'super_admin' && subject.role === 'super_admin'), `${actor.role} upon ${subject.role}`)
      t.notOk(mayActOn(actor, { ...subject, id: actor.id }), 'nobody upon themself')
      t.equal(mayAssign(actor, { name: subject.role, rank: subject.rank }), below || (actor.role === 'super_admin' && subject.role === 'super_admin'), `${actor.role} grants ${subject.role}`)
    }
  }
})

const suspended = await suspendedVendor()

const ways = {
  disable: (node: typeof app, by: Signed, whom: Signed) => as(node, by.access_token, 'POST', `/users/${whom.id}/disable`),
  demote: (node: typeof app, by: Signed, whom: Signed) => as(node, by.access_token, 'PATCH', `/users/${whom.id}`, { role: 'user' }),
  remove: (node: typeof app, by: Signed, whom: Signed) => as(node, by.access_token, 'DELETE', `/users/${whom.id}`),
  suspend: (node: typeof app, by: Signed, whom: Signed) => as(node, by.access_token, 'PATCH', `/users/${whom.id}`, { vendor_id: suspended })
}

for (const [name, way] of Object.entries(ways)) {
  t.test(`two super_admins who ${name} each other at once, on two nodes: one remains, twenty times`, async t => {
    for (let round = 0; round < 20; round++) {
      const [ada, grace] = [await signed(app, 'super_admin'), await signed(app, 'super_admin')]
      const answers = (await Promise.all([way(app, ada, grace), way(other, grace, ada)])).map(brief)

      t.equal((await superAdmins()).length, 1, `round ${round}`)
      t.equal(answers.filter(({ status }) => status < 300).length, 1)
      t.match(answers.find(({ status }) => status >= 300), { status: 409, code: 'last_super_admin' })
      await dismissAll()
    }
  })
}

t.test('two super_admins who move each other into a vendor while an admin suspends it: one remains, twenty times', async t => {
  const admin = await signed(app, 'admin')
  for (let round = 0; round < 20; round++) {
    const [ada, grace] = [await signed(app, 'super_admin'), await signed(app, 'super_admin')]
    const vendorId = await vendor(app)
    const answers = (await Promise.all([
      as(app, ada.access_token, 'PATCH', `/users/${grace.id}`, { vendor_id: vendorId }),
      as(other, grace.access_token, 'PATCH', `/users/${ada.id}`, { vendor_id: vendorId }),
      as(app, admin.access_token, 'PATCH', `/vendors/${vendorId}`, { status: 'suspended' })
    ])).map(brief)

    t.ok((await superAdmins()).length >= 1, `round ${round}: ${answers.map(({ status }) => status).join(' ')}`)
    t.notOk(answers.some(({ status }) => status >= 500))
    await dismissAll()
  }
})

t.test('whatever three super_admins do to each other and to themselves, one remains', async t => {
  for (let round = 0; round < 20; round++) {
    const [ada, grace, edsger] = [await signed(app, 'super_admin'), await signed(app, 'super_admin'), await signed(app, 'super_admin')]
    const acts = [
      ways.demote(app, ada, grace), ways.disable(other, grace, edsger), ways.remove(app, edsger, ada),
      as(other, ada.access_token, 'DELETE', '/auth/me'), as(app, grace.access_token, 'DELETE', '/auth/me'), as(other, edsger.access_token, 'DELETE', '/auth/me')
    ]
    const answers = (await Promise.all(acts)).map(brief)
    t.ok((await superAdmins()).length >= 1, `round ${round}: ${answers.map(({ status }) => status).join(' ')}`)
    t.notOk(answers.some(({ status }) => status === 500))
    await dismissAll()
  }
})

t.test('an admin who is demoted while acting has acted before or not at all', async t => {
  const chief = await signed(app, 'super_admin')
  for (let round = 0; round < 20; round++) {
    const [admin, ada] = [await signed(app, 'admin'), await signed(app)]
    const [demoted, acted] = await Promise.all([ways.demote(app, chief, admin), ways.disable(other, admin, ada)])
    t.equal(demoted.statusCode, 200)
    t.equal((await rowOf(app, ada.id))?.status, acted.statusCode === 200 ? 'disabled' : 'active')
    t.match(brief(await ways.disable(app, admin, ada)), { status: 403, code: 'forbidden' }, 'at once with the token they have')
  }
})

t.test('twenty acts upon one user at once are all done', async t => {
  const [chief, ada] = [await signed(app, 'super_admin'), await signed(app)]
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => as(place % 2 ? app : other, chief.access_token, 'PATCH', `/users/${ada.id}`, { full_name: `Ada ${place}` })))
  t.ok(answers.every(({ statusCode }) => statusCode === 200))
  t.equal((await rowOf(app, ada.id))?.version, 21)
})

async function superAdmins () {
  return await app.database<{ id: string }>`select u.id from users u left join vendors v on v.id = u.vendor_id where u.role = 'super_admin' and u.status = 'active' and v.status is distinct from 'suspended'`
}

async function suspendedVendor () {
  const [vendor] = await app.database<{ id: string }>`insert into vendors (name, status) values ('Suspended', 'suspended') returning id`
  return vendor?.id
}

async function dismissAll () {
  await app.database`update users set role = 'user', version = version + 1 where role = 'super_admin'`
}
