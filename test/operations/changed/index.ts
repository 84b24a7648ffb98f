import { sleep } from '@temporalio/workflow';
import type { RotationInput, RotationReport } from '../../../src/domain/rotation.js';
import { rotateOpenAiApiKey as real } from '../../../workflows/index.js';

/** A later Keyturn whose planned rotations begin otherwise: what was parked before does not replay in it. */
export async function rotateOpenAiApiKey(input: RotationInput): Promise<RotationReport> {
  if (input.request.trigger !== 'emergency') await sleep(1);
  return real(input);
}
