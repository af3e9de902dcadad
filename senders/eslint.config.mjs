import js from '@eslint/js'

const node = Object.fromEntries(
  ['require', 'module', 'process', 'console', 'Buffer', '__dirname', 'fetch', 'URL'].map((name) => [name, 'readonly']),
)
const jest = Object.fromEntries(['jest', 'describe', 'test', 'expect', 'beforeEach', 'afterEach'].map((name) => [name, 'readonly']))
const rules = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-implicit-globals': 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
  'max-lines': ['error', 400],
  'max-lines-per-function': ['error', { max: 70, skipComments: true }],
}

export default [
  js.configs.recommended,
  { ignores: ['node_modules/'] },
  {
    // SuiteScript 2.1: modules are functions of `define`, so that one function may be a whole file.
    files: ['netsuite/src/**/*.js'],
    languageOptions: { sourceType: 'script', ecmaVersion: 2023, globals: { define: 'readonly' } },
    rules: { ...rules, 'max-lines-per-function': 'off', 'no-console': 'error' },
  },
  {
    files: ['**/tests/**/*.js', '*.js'],
    languageOptions: { sourceType: 'commonjs', ecmaVersion: 2023, globals: { ...node, ...jest } },
    rules: { ...rules, 'max-lines-per-function': 'off' },
  },
]
