import js from '@eslint/js';
import n from 'eslint-plugin-n';
import ts from 'typescript-eslint';

const sizes = {
  'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 10],
  'max-params': ['error', 3],
};

export default ts.config(
  { ignores: ['dist', 'node_modules', '*.config.js', 'test/support/*.js', '.ci'] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      'n/no-process-env': 'error',
      ...sizes,
    },
  },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/config/load.ts', 'activities/shared/proxy.ts', 'src/temporal/environment.ts'],
    rules: { 'n/no-process-env': 'off' },
  },
  {
    // What Temporal bundles must be deterministic and free of Node (design, section 4).
    files: ['workflows/**', 'src/domain/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/activities/**'],
              allowTypeImports: true,
              message: 'Workflows take types only from activities.',
            },
            { regex: '/src/(?!domain/)', message: 'Workflows take values only from src/domain.' },
            {
              regex: '^node:|^(fs|path|crypto|os|http|https|net|child_process|undici|zod)$',
              message: 'Not in the workflow sandbox.',
            },
            { regex: '^@temporalio/(activity|client|worker|testing)', message: 'Not in the workflow sandbox.' },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'fetch'],
    },
  },
  {
    files: ['src/domain/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!\\./)', message: 'src/domain imports nothing outside itself.' }] },
      ],
    },
  },
  {
    files: ['test/**'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      complexity: 'off',
      'max-params': 'off',
      'n/no-process-env': 'off',
      'no-console': 'off',
    },
  },
);
