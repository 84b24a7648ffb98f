import { existsSync, readdirSync } from 'node:fs';
import { providers } from '../../activities/providers.js';
import { catalog } from '../../workflows/catalog.js';

const foldersWithProvider = readdirSync('activities', { withFileTypes: true })
  .filter((each) => each.isDirectory() && existsSync(`activities/${each.name}/provider.ts`) && each.name !== 'kit')
  .map(({ name }) => name);

it('lists every provider that has a folder, under the name of that folder', () => {
  expect(Object.keys(providers).sort()).toEqual(foldersWithProvider.sort());
  for (const [system, provider] of Object.entries(providers)) expect(provider.system).toBe(system);
});

it('lists every procedure that has a file, for a provider that is listed', () => {
  const files = readdirSync('workflows/procedures').map((name) => name.replace(/\.ts$/, ''));

  expect(catalog.map(({ id }) => id).sort()).toEqual(files.filter((name) => name !== 'index').sort());
  for (const { provider } of catalog) expect(Object.keys(providers)).toContain(provider);
});
