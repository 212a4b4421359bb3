import neostandard from 'neostandard'

/** Lines of up to 120 columns; texts, regular expressions and URLs may be longer, because a break would hide them. */
const maxLen = {
  code: 120,
  ignoreStrings: true,
  ignoreTemplateLiterals: true,
  ignoreRegExpLiterals: true,
  ignoreUrls: true
}

/** The pattern of `t.match(value, pattern)`, and everything in it. */
const pattern = "CallExpression[callee.object.name='t'][callee.property.name='match'] > :nth-child(2)"

/** Patterns that match whatever they are compared with: an assertion with one cannot fail. */
const emptyPatterns = [
  {
    selector: `${pattern}:matches(ArrayExpression[elements.length=0], :has(Property > ArrayExpression[elements.length=0]))`,
    message: 'An empty list matches every list: use t.same, or { length: 0 } as its pattern.'
  },
  {
    selector: `${pattern}:matches(ObjectExpression, ArrayExpression):has(Property > NewExpression[callee.name='Date'])`,
    message: 'A Date matches every Date: use t.same, or compare its text.'
  }
]

export default [
  { ignores: ['dist/', '.data/', 'clients/javascript/src/generated/', 'clients/javascript/dist/', 'clients/verifier/dist/'] },
  ...neostandard({ ts: true }),
  {
    files: ['**/*.ts'],
    rules: {
      '@stylistic/max-len': ['error', maxLen],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }]
    }
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...emptyPatterns] }
  }
]
