import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const page = readFileSync('docs/second-factors.md', 'utf8')
const lessons = page.split(/^(?=\d+\. \*\*)/m).slice(1)

t.test('the page has twenty lessons, by number', async t => {
  t.strictSame(lessons.map(lesson => parseInt(lesson)), Array.from({ length: 20 }, (_, place) => place + 1))
})

for (const lesson of lessons) {
  const [title = ''] = lesson.split('**').slice(1)

  t.test(`${parseInt(lesson)}. ${title}: its tests are there, by their names`, async t => {
    const tests = [...lesson.matchAll(/^ +- \[(.+)\]\((.+)\)$/gm)]
    t.ok(tests.length > 0)
    for (const [, sentence = '', path = ''] of tests) {
      const name = sentence.charAt(0).toLowerCase() + sentence.slice(1)
      t.match(readFileSync(join('docs', path), 'utf8'), `t.test('${name}'`, sentence)
    }
  })
}
