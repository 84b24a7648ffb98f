import { randomUUID } from 'node:crypto';
import { send } from '../../notifications/deliver.js';
import type { Notice } from '../../domain/notice.js';
import { composeChannels } from '../../../workers/compose.js';
import { UsageError } from '../session/refusals.js';
import type { Session } from '../session/session.js';

/** The result of testing one channel. */
export interface Tested {
  readonly channel: string;
  readonly ok: boolean;
  /** Null when it went well. */
  readonly why: string | null;
}

/** Sends a test notice on every channel. Throws a UsageError when there is no channel. */
export async function testChannels({ config, store }: Session, actor: string): Promise<Tested[]> {
  const channels = composeChannels(config, store);
  if (channels.length === 0)
    throw new UsageError('The configuration has no notification channel', {
      state: 'Nothing was sent.',
      next: 'Write a webhook or an email under "notifications:" (keyturn.example.yaml shows both).',
    });
  const notice: Notice = {
    id: `test/${randomUUID()}`,
    event: 'test',
    at: Date.now(),
    summary: 'this is a test',
    detail: `${actor} asked whether messages arrive. Nothing has happened.`,
  };
  await store.addNotices(
    channels.map(({ name }) => name),
    [notice],
  );
  return Promise.all(
    channels.map(async (channel) => {
      const why = await send(store, channel, notice);
      await store.settleNotice({ channel: channel.name, notice, attempts: 1 }, why);
      await store.record({
        event: 'notify-tested',
        actor,
        outcome: why === null ? 'sent' : 'failed',
        detail: channel.name,
      });
      return { channel: channel.name, ok: why === null, why };
    }),
  );
}
