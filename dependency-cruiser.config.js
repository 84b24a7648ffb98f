/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // Types count: a folder that others are built on knows nothing of them.
    { name: 'no-cycles-between-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
