import fc from 'fast-check'
import t from 'tap'
import { readBasic } from '../../../lib/oauth/basic.ts'
import { decodeFormText, parseForm } from '../../../lib/formats/forms.ts'

t.test('every form that is written can be read back', async t => {
  fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 })), fields => {
    t.strictSame(
      new Map(Object.entries(parseForm(new URLSearchParams(Object.entries(fields)).toString()))),
      new Map(Object.entries(fields))
    )
  }))
})

t.test('a parameter without a value counts as left out, and an empty form has no parameters', async t => {
  t.strictSame(parseForm('token=&hint&a=b'), { a: 'b' })
  t.strictSame(parseForm(''), {})
  t.strictSame(parseForm('&&a=b&'), { a: 'b' })
  t.strictSame(parseForm('a=b=c=='), { a: 'b=c==' })
})

t.test('a repeated parameter is refused, however it is written and whatever its value', async t => {
  for (const form of ['token=a&token=b', 'token=a&token=a', 'token=&token=a', 'token=a&token', 'token=a&%74oken=b', 'x=1&token=a&x=2']) t.throws(() => parseForm(form), SyntaxError, form)
})

t.test('text that is not a form is refused', async t => {
  for (const form of ['a=%', 'a=%4', 'a=%zz', 'a=%ff', 'a=%c0%80', 'a=%ed%a0%80', 'a=é', 'a=b c', 'a=b\r\n', 'a=\0', '%=a']) t.throws(() => parseForm(form), SyntaxError, form)
})

t.test('names of an object’s own internals are treated like any other name', async t => {
  const form = parseForm('__proto__=a&constructor=b')
  t.equal(Object.getPrototypeOf(form), Object.prototype)
  t.strictSame(Object.entries(form), [['__proto__', 'a'], ['constructor', 'b']])
})

t.test('a plus is read as a space, and an escaped plus as a plus', async t => t.equal(decodeFormText('a+b%2Bc'), 'a b+c'))

t.test('a Basic header carries an id and a secret, each encoded as in a form', async t => {
  t.equal(readBasic(undefined, []), undefined)
  t.strictSame(readBasic(`Basic ${btoa('an%2Did:a+secret%3A%C3%A9')}`, []), { id: 'an-id', secret: 'a secret:é' })
  t.strictSame(readBasic(`bASIC ${btoa('id:se:cret')}`, []), { id: 'id', secret: 'se:cret' })
  t.strictSame(readBasic(`Basic ${btoa(':')}`, []), { id: '', secret: '' })
})

t.test('a malformed Basic header gives an empty id and secret', async t => {
  for (const header of ['', 'Basic', 'Basic ', `Basic  ${btoa('id:secret')}`, `Bearer ${btoa('id:secret')}`, btoa('id:secret'), `Basic ${btoa('id')}`, 'Basic id:secret', `Basic ${btoa('id:secret')} x`, `Basic ${btoa('id:%')}`, `Basic ${btoa('id:é')}`]) {
    t.strictSame(readBasic(header, []), { id: '', secret: '' }, header)
  }
})

t.test('two Authorization headers are refused', async t => {
  t.throws(() => readBasic('Basic eDp5', ['Authorization', 'Basic eDp5', 'authorization', 'Basic eDp5']), { code: 'malformed_request' })
  t.doesNotThrow(() => readBasic('Basic eDp5', ['Authorization', 'Basic eDp5', 'X', 'Authorization']))
})
