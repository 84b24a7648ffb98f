import { setTimeout as delay } from 'node:timers/promises';
import type { DocuElevateClient } from '../docuelevate/client.js';

/** Between two questions. An API process needs seconds to start. */
export const pauseMs = 100;

/** Consecutive questions without an answer that show a process is down. A single one may be a connection that was closed in between. */
export const missesOfOutage = 2;

/** Whether the API answered nothing for a moment, as far as it was watched. */
export interface Outage {
  readonly down: boolean;
}

/** Runs `work`. True when the API answered nothing for a moment meanwhile, so its process was replaced. */
export async function seenDown(client: DocuElevateClient, work: (outage: Outage) => Promise<void>): Promise<boolean> {
  const state = { ended: false, down: false };
  const watching = look(client, state).catch(() => undefined); // what cannot be observed is no failure of the restart
  try {
    await work(state);
  } finally {
    state.ended = true;
    await watching;
  }
  return state.down;
}

async function look(client: DocuElevateClient, state: { readonly ended: boolean; down: boolean }): Promise<void> {
  for (let misses = 0; !state.ended && !state.down; await delay(pauseMs)) {
    misses = (await client.answers()) ? 0 : misses + 1;
    state.down = misses >= missesOfOutage;
  }
}
