import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import { renderChanges } from '../../../lib/followers/messages.ts'

t.test('rendered changes are kept for long, so they hold no more memory than they fill', async t => {
  for (const count of [1, 500]) {
    const changes = Array.from({ length: count }, (): Change => (
      { kind: 'session_ended', subjectId: randomUUID(), exceptId: null, number: null, reason: 'evicted' }
    ))
    const rendered = renderChanges(changes, '')

    t.equal(rendered.buffer.byteLength, rendered.length)
    const told = changes.map(({ subjectId }) => ({ kind: 'session_ended', subject_id: subjectId, reason: 'evicted' }))
    t.equal(rendered.toString(), told.map(each => `,${JSON.stringify(each)}`).join(''))
  }
})
