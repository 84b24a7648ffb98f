import { proxyActivities, sleep } from '@temporalio/workflow';
import type { RotationInput, RotationReport } from '../../../src/domain/rotation.js';
import { rotateOpenAiApiKey as real } from '../../../workflows/index.js';

/** A later Keyturn whose planned rotations begin otherwise: what was parked before does not replay in it. */
export async function rotateOpenAiApiKey(input: RotationInput): Promise<RotationReport> {
  if (input.request.trigger !== 'emergency') await sleep(1);
  return real(input);
}

type Opening = Record<'versions.openRotation', (opened: { readonly credential: string }) => Promise<unknown>>;

/** Takes an activity slot for each of these names, as rotations do that begin. */
export async function openMany(names: readonly string[]): Promise<void> {
  const { 'versions.openRotation': open } = proxyActivities<Opening>({ startToCloseTimeout: '1 minute' });
  await Promise.all(names.map((credential) => open({ credential })));
}
