import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startConsumer } from '../../../src/lab/consumer.js';
import { startDocuElevateLab } from '../../../src/lab/docuelevate/server.js';
import { startOpenAiLab } from '../../../src/lab/openai/server.js';
import { startTimeline } from '../../../src/crash-test/timeline.js';
import type { Worksheet } from './worksheet.js';

const here = dirname(fileURLToPath(import.meta.url));

export const moments = [
  'before the create',
  'after the create',
  'after the store',
  'after the switch',
  'before the delete',
  'after the delete',
] as const;
export type Script = 'guide-script' | 'store-afterwards';

export interface Played {
  readonly killedAt: string;
  /** Values that work, and that neither the engine nor the script's memory holds. */
  readonly lostSecrets: number;
  /** Real milliseconds in which the engine held nothing that works. */
  readonly outageMs: number;
  readonly consumerFailures: number;
}

/**
 * Kills a script at one moment on fresh simulated systems, has it started again, and asks the systems for the result.
 */
export async function play(script: Script, killAt: string): Promise<Played> {
  const openai = await startOpenAiLab({ latencyMs: 20 });
  const { id: oldAccount, keys } = openai.createServiceAccount('documents');
  const docuelevate = await startDocuElevateLab({
    ...{ latencyMs: 20, openAiBaseUrl: openai.baseUrl, openAiKey: keys[0]?.value ?? '' },
  });
  const dir = await mkdtemp(join(tmpdir(), 'keyturn-baseline-'));
  const { baseUrl, project, adminKey } = openai;
  const { url, adminUsername: username, adminPassword: password } = docuelevate;
  const sheet = {
    openai: { baseUrl, project, adminKey },
    engine: { url, username, password },
    oldAccount,
    state: join(dir, 'state.json'),
  };
  const engineHolds = (): string | null => docuelevate.workerHolds('openai_api_key');
  const working = (): string[] => openai.keys().flatMap(({ value, deleted }) => (deleted ? [] : [value]));
  const timeline = startTimeline({ engineHolds, working });
  const consumer = startConsumer(() => docuelevate.use('ai'));
  try {
    await run(script, dir, { ...sheet, killAt });
    if (killAt !== 'after the delete') await run(script, dir, { ...sheet, killAt: null });
    await consumer.stop();
    timeline.stop();
    const remembered = existsSync(sheet.state) ? readFileSync(sheet.state, 'utf8') : '';
    const lost = working().filter((value) => value !== engineHolds() && !remembered.includes(value));
    return {
      killedAt: killAt,
      lostSecrets: lost.length,
      outageMs: timeline.outageMs(),
      consumerFailures: consumer.failed,
    };
  } finally {
    await Promise.all([openai.stop(), docuelevate.stop(), rm(dir, { recursive: true })]);
  }
}

async function run(script: Script, dir: string, sheet: Worksheet): Promise<void> {
  const file = join(dir, 'worksheet.json');
  await writeFile(file, JSON.stringify(sheet), { mode: 0o600 });
  const hook = join(here, '../../temporal/from-source.ts');
  const child = spawn(process.execPath, ['--no-warnings', '--import', hook, join(here, `${script}.ts`), file], {
    stdio: 'inherit',
  });
  await once(child, 'exit');
}
