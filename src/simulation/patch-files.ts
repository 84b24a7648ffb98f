import { type Any, builtin, held, replace, sim } from './replace.js';

/** Reads and writes files synchronously: the thread pool would answer in any order. */
export function patchFiles(): void {
  const fs = builtin<Record<string, Any>>('node:fs');
  const promises = builtin<Record<string, Any>>('node:fs/promises');
  const names = [
    'readFile',
    'writeFile',
    'mkdtemp',
    'mkdir',
    'rm',
    'stat',
    'lstat',
    'chmod',
    'rename',
    'readdir',
    'unlink',
    'access',
    'realpath',
  ];
  for (const name of names)
    replace(
      promises,
      name,
      (original) =>
        async (...args: never[]) =>
          sim() ? fs[`${name}Sync`]!(...args) : original(...args),
    );
  replace(
    promises,
    'open',
    (original) =>
      async (...args: never[]) =>
        sim() ? opened(fs, args) : original(...args),
  );
}

function opened(fs: Record<string, Any>, args: never[]) {
  const file = fs['openSync']!(...args) as never;
  const close = async (): Promise<void> => void fs['closeSync']!(file);
  return {
    readFile: async (options: never) => fs['readFileSync']!(file, options),
    writeFile: async (data: never) => fs['writeFileSync']!(file, data),
    stat: async () => fs['fstatSync']!(file),
    chmod: async (mode: never) => fs['fchmodSync']!(file, mode),
    sync: async () => undefined,
    datasync: async () => undefined,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Another thread reads forms and blobs: the clock stands still meanwhile. */
export function patchBodies(): void {
  for (const type of [Response, Request, Blob])
    for (const name of ['arrayBuffer', 'formData', 'text', 'json', 'bytes']) {
      const methods = type.prototype as unknown as Record<string, Any>;
      if (name in methods)
        replace(
          methods,
          name,
          (original) =>
            function (this: unknown, ...args) {
              return held(original.apply(this, args) as Promise<unknown>);
            },
        );
    }
}
