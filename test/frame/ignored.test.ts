import { readFileSync } from 'node:fs';
import { places } from '../../src/operations/setup/init-places.js';

it.each(['.gitignore', '.dockerignore'])('%s leaves out what `keyturn init` writes', (file) => {
  const lines = readFileSync(file, 'utf8').split('\n');
  const written = [places.keyRing, places.secrets, './keyturn.yaml', './.keyturn'].map((path) => path.slice(2));

  for (const path of written) expect(lines.map((line) => line.replace(/\/$/, ''))).toContain(path);
});
