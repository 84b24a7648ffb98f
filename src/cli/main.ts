#!/usr/bin/env node
// Nothing is imported before this Node is known to be new enough: on an old one even the import would fail, with a stack for a message.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  const { run } = await import('./program.js');
  await run(process.argv);
} else {
  console.error(
    [
      `Keyturn needs Node.js 22.19 or newer; this is ${process.versions.node}.`,
      'Nothing was done. Install a newer one (https://nodejs.org), or run keyturn with one that is there already.',
    ].join('\n'),
  );
  process.exitCode = 2;
}

export {};
