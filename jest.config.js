const isGuide = process.argv.some((argument) => /^(?:\.\/)?test\/guide\b/.test(argument));

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/support/global-setup.js',
  roots: ['<rootDir>/test'],
  // `npm test -- test/guide` walks the guide; without a name its suites, which take a minute, are left to `npm run test:guide`.
  testMatch: isGuide ? ['**/*.{test,suite}.ts'] : ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  reporters: ['default', 'summary', '<rootDir>/test/support/count-reporter.js'],
  maxWorkers: 3, // tests wait for commands, timers and servers: one worker more than the two cores that have to be enough
  // V8 keeps what test files loaded, some 10 MB each. At 2 GB, marking it took a tenth of the whole run.
  workerIdleMemoryLimit: '400MB',
  testSequencer: '<rootDir>/test/support/sequencer.js',
  testTimeout: 20_000,
};
