import type { RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import type { RotationRun } from './run.js';

export interface Ending {
  readonly outcome: RotationOutcome;
  readonly why?: string;
}

/** Records the end of a rotation and says what is left over. */
export async function close(run: RotationRun, { outcome, why }: Ending): Promise<RotationReport> {
  const { opened, input } = run;
  if (!opened) return { outcome, version: 0, oldCredential: null, leftOver: [], ...(why !== undefined && { why }) };
  run.phase = 'close';
  run.world.show({ phase: 'close' });
  const call = versions.closeRotation({ version: opened.next, outcome, why: why ?? null });
  const context = {
    credential: input.credential,
    fence: opened.fence,
    phase: 'close',
    title: 'Close the rotation',
    emergency: false,
  } as const;
  const { oldCredential, leftOver } = await run.world.execute(call, context);
  return { outcome, version: opened.next.number, oldCredential, leftOver, ...(why !== undefined && { why }) };
}
