import type { Client } from '@temporalio/client';
import { scheduleId } from '../../domain/temporal-names.js';
import type { Check } from './check.js';
import { describe } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';

/** Checks that a credential's schedule is still in Temporal. Yields nothing for a credential that has none. */
export async function* scheduleCheck(
  { store }: Pick<Session, 'store'>,
  client: Client,
  credential: string,
): AsyncGenerator<Check> {
  if (!(await store.cadence(credential))) return;
  const what = `${credential}: schedule`;
  const described = await describe(client, scheduleId(store.installation, credential));
  if (!described) {
    const detail = 'it is gone from Temporal, so nothing rotates it when it is due';
    yield { what, ok: false, detail, next: 'Create it again: keyturn schedules apply' };
    return;
  }
  const { paused, note } = described.state;
  const resume = `Resume it: keyturn schedules resume ${credential} --reason "…"`;
  yield paused
    ? { what, ok: true, warning: true, detail: `paused, ${note || 'no reason given'}`, next: resume }
    : { what, ok: true, detail: 'in Temporal', next: null };
}
