import { existsSync, readdirSync } from 'node:fs';
import { providers } from '../../activities/providers.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { catalog } from '../../workflows/catalog.js';

const foldersWithProvider = readdirSync('activities', { withFileTypes: true })
  .filter((each) => each.isDirectory() && existsSync(`activities/${each.name}/provider.ts`) && each.name !== 'kit')
  .map(({ name }) => name);

it('lists every provider that has a folder, under the name of that folder', () => {
  expect(Object.keys(providers).sort()).toEqual(foldersWithProvider.sort());
  for (const [system, provider] of Object.entries(providers)) expect(provider.system).toBe(system);
});

it('lists every procedure of every file, for a provider that is listed', async () => {
  const files = readdirSync('workflows/procedures').filter((name) => name !== 'index.ts');
  const modules = await Promise.all(
    files.map((name) => import(`../../workflows/procedures/${name}`) as Promise<Readonly<Record<string, unknown>>>),
  );
  const made = modules.map((module) => Object.values(module).flatMap((value) => descriptorOf(value)?.id ?? []));

  expect(files.filter((_, index) => made[index]?.length === 0)).toEqual([]);
  expect(catalog.map(({ id }) => id).sort()).toEqual(made.flat().sort());
  for (const { provider } of catalog) expect(Object.keys(providers)).toContain(provider);
});

/** Of a rotation workflow. */
function descriptorOf(exported: unknown): ProcedureDescriptor | undefined {
  return typeof exported === 'function' && 'descriptor' in exported
    ? (exported.descriptor as ProcedureDescriptor)
    : undefined;
}
