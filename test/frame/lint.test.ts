import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript-eslint';

const root = fileURLToPath(new URL('../../', import.meta.url));
const eslint = new ESLint({ cwd: root, overrideConfig: ts.configs.disableTypeChecked }); // the rules asked about here need no types

/** Rules that a text breaks when it stands in this file. */
async function broken(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`);
}

const restricted = expect.stringContaining('no-restricted-imports') as string;

it.each([
  [
    'a value of an activity',
    "import { toFailure } from '../activities/shared/to-failure.js';\nexport const x = toFailure;\n",
  ],
  [
    'a value outside the domain',
    "import { openStore } from '../src/store/open-store.js';\nexport const x = openStore;\n",
  ],
  ['Node', "import { hostname } from 'node:os';\nexport const x = hostname;\n"],
  ['zod', "import { z } from 'zod';\nexport const x = z;\n"],
])('refuses workflow code that imports %s', async (_what, code) => {
  expect(await broken('workflows/catalog.ts', code)).toContainEqual(restricted);
});

it('lets workflow code import types of activities', async () => {
  const code =
    "import type { IssuingActivities } from '../activities/kit/issuing.js';\nexport type X = IssuingActivities;\n";
  expect(await broken('workflows/catalog.ts', code)).toEqual([]);
});

it('refuses a domain that imports anything outside itself', async () => {
  const code = "import { Store } from '../store/store.js';\nexport type X = Store;\n";
  expect(await broken('src/domain/call.ts', code)).toContainEqual(restricted);
});

describe('folders', () => {
  const config = join(root, 'dependency-cruiser.config.js');
  const cruise = (files: Readonly<Record<string, string>>): number | null => {
    const dir = mkdtempSync(join(tmpdir(), 'keyturn-folders-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(dir, name, '..'), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    writeFileSync(join(dir, 'tsconfig.json'), '{}');
    const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
    const { status } = spawnSync(process.execPath, [program, '--config', config, 'src'], { cwd: dir });
    rmSync(dir, { recursive: true });
    return status;
  };
  const upper = "import type { A } from '../b/a.js';\nexport type B = A;\n";

  it('may import one another one way', () => {
    expect(cruise({ 'src/a/b.ts': upper, 'src/b/a.ts': 'export type A = 1;\n' })).toBe(0);
  });

  it('may not import one another both ways, not even types', () => {
    const lower = "import type { C } from '../a/c.js';\nexport type A = C;\n";
    expect(cruise({ 'src/a/b.ts': upper, 'src/a/c.ts': 'export type C = 1;\n', 'src/b/a.ts': lower })).toBe(2);
  });
});
