import type { Progress, RotationReport, Waiting } from '../../domain/rotation.js';
import { follow } from '../../operations/rotate/follow.js';
import type { Cli } from '../terminal/perform.js';
import type { Connection } from '../terminal/with-session.js';
import { needsPerson, viewFor } from './rotation-view.js';

/** How watching a rotation ended: the rotation ended, it needs a person, or a person detached. */
export type Watched = { readonly progress: Progress | null } & (
  | { readonly how: 'ended'; readonly report: RotationReport }
  | { readonly how: 'waiting'; readonly waiting: Waiting }
  | { readonly how: 'detached' }
);

/** Shows the rotation of a credential until it ends, needs a person, or Ctrl-C detaches; then the rotation continues. */
export async function watch(cli: Cli, { session, client }: Connection, credential: string): Promise<Watched> {
  const view = viewFor(cli);
  const sightings = follow(session, client, credential);
  const interruption = Promise.withResolvers<'detached'>();
  const detach = (): void => interruption.resolve('detached');
  process.on('SIGINT', detach); // not `once`: the library that restores the cursor ends the process when it is the only listener left
  let progress: Progress | null = null;
  try {
    for (;;) {
      const next = await Promise.race([sightings.next(), interruption.promise]);
      if (next === 'detached') return { how: 'detached', progress };
      if (next.done) return { how: 'ended', report: next.value, progress };
      progress = next.value.progress ?? progress;
      view.show(next.value);
      if (needsPerson(next.value.progress)) return { how: 'waiting', waiting: next.value.progress.waiting, progress };
    }
  } finally {
    process.off('SIGINT', detach);
    await view.end();
  }
}
