import { formatDuration } from '../domain/duration.js';
import { rotationId } from '../domain/temporal-names.js';
import { createPlayground } from '../lab/playground.js';
import type { Scenario } from '../lab/scenario.js';
import type { Defer } from '../lab/with-cleanup.js';
import { adopt } from '../operations/setup/adopt.js';
import { openSession, type Session } from '../operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../operations/rotate/start-rotation.js';
import type { Fixture } from '../crash-test/fixture.js';
import type { SimJob } from './job.js';
import type { Person } from './person.js';
import type { Rotation, Subject } from './subject.js';
import type { Plan } from './trouble.js';

/** A configuration and its store, as an operator sets them up. */
export interface Installation {
  readonly session: Session;
  /** Path of the configuration. */
  readonly file: string;
}

// a credential that falls due during another rotation has to wait for its turn
const oneAtATime = { perProvider: 1, perEngine: 1 };

/** One installation for all fixtures, with their values adopted. `defer` removes it. */
export async function install(fixtures: readonly Fixture[], plan: Plan, defer: Defer): Promise<Installation> {
  const playground = await createPlayground(together(fixtures), {
    ...{ grace: '1 second', giveUpAfter: formatDuration(plan.giveUpAfterMs) },
    ...(fixtures.length > 1 && { limits: oneAtATime }),
  });
  defer(playground.remove);
  const session = await openSession({ file: playground.file, create: true });
  defer(() => session.close());
  for (const { scenario } of fixtures) {
    const { credential, adopted: parts } = scenario;
    await adopt(session, { credential, parts, soleUser: true, actor: 'harness' });
  }
  return { session, file: playground.file };
}

function together(fixtures: readonly Fixture[]): Pick<Scenario, 'config' | 'secretFiles'> {
  const all = fixtures.map(({ scenario }) => scenario);
  return {
    config: {
      engines: Object.fromEntries(all.flatMap(({ config }) => Object.entries(config.engines))),
      credentials: Object.fromEntries(all.flatMap(({ config }) => Object.entries(config.credentials))),
    },
    secretFiles: Object.fromEntries(all.flatMap(({ secretFiles }) => Object.entries(secretFiles))),
  };
}

/** The handle of the rotation of a fixture's credential, whether the rotation has begun or not. */
export function rotationOf({ scenario: { credential } }: Fixture, { store }: Session, { temporal }: SimJob): Rotation {
  return temporal.client.workflow.getHandle(rotationId(store.installation, credential));
}

/** What it takes to begin a rotation. */
export interface Beginning {
  readonly session: Session;
  readonly job: SimJob;
  readonly plan: Plan;
}

/** Begins the rotations that do not wait for others. */
export async function beginFirst(fixtures: readonly Fixture[], beginning: Beginning): Promise<void> {
  for (const fixture of beginning.plan.apart ? fixtures.slice(0, 1) : fixtures) await begin(fixture, beginning);
}

/** Schedules the other rotations. */
export function beginLater(subjects: readonly Subject[], beginning: Beginning, person: Person): void {
  const { apart } = beginning.plan;
  if (!apart) return;
  for (const [index, subject] of subjects.entries()) {
    if (index === 0) continue;
    if (apart.due) person.schedule(subject, index * apart.ms);
    else person.later(index * apart.ms, () => begin(subject.fixture, beginning));
  }
}

function begin({ scenario: { credential } }: Fixture, { session, job, plan }: Beginning): Promise<unknown> {
  const input = inputOf(credential, { actor: 'harness', trigger: 'manual', reason: 'chaos' });
  const { client } = job.temporal;
  return startRotation(session, client, { ...input, graceMs: plan.graceMs, timing: { heartbeatMs: 1_000 } });
}
