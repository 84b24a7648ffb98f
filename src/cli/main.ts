#!/usr/bin/env node
// The Node version is checked before anything is imported: on an old Node even the import would fail, with a stack trace for a message.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  const { run } = await import('./program.js');
  await run(process.argv);
} else {
  console.error(
    [
      `Keyturn needs Node.js 22.19 or newer; this is ${process.versions.node}.`,
      'Nothing was done. Install a newer one (https://nodejs.org), or run keyturn with one that is already installed.',
    ].join('\n'),
  );
  process.exitCode = 2;
}

export {};
