import neostandard from 'neostandard'

/** Lines of up to 120 columns; texts, regular expressions and URLs may be longer, because a break would hide them. */
const maxLen = {
  code: 120,
  ignoreStrings: true,
  ignoreTemplateLiterals: true,
  ignoreRegExpLiterals: true,
  ignoreUrls: true
}

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
  }
]
