import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, Waiting } from '../domain/rotation.js';
import { hasten } from '../operations/rotate/steer.js';
import { entry, hasOneValue, outside, reached } from './acting.js';
import type { Boundary } from './cases.js';
import type { Fault, Stranding } from './fault.js';
import type { Point } from './setback.js';
import { leaveFailure, leaveLines } from './somebody.js';
import type { Documents } from './fixture.js';
import { inGrace, type Sandbox } from './sandbox.js';

/** What goes wrong in an engine that processes documents, without anybody causing it. */
export const engineFaults: readonly Fault[] = [
  {
    ...outside('worker-on-environment', withEngine, async ({ fixture }) => startAnew(documentsOf(fixture))),
    ...{ ends: ['rolled-back', 'abandoned'], waits: /old key is idle: used/, decide: bySight, strands },
  },
  startedAnewInGrace(),
  outside('id-given-out-again', beforeDocuments, ({ fixture }) => leaveLines(documentsOf(fixture))),
  outside('earlier-step-fails', beforeDocuments, async ({ fixture }) => {
    const documents = documentsOf(fixture);
    if (documents.failsEarlier) documents.failOne('Keyturn test document');
    else await leaveFailure(documents);
  }),
];

/** The worker restarts on the values of its environment, and nothing in Redis tells it to look at the database. */
function startAnew({ lab }: Documents): void {
  lab.emptyRedis();
  lab.restartWorker();
}

/** The same while the rotation waits in its grace. Then somebody uses the engine, and the grace ends. */
function startedAnewInGrace(): Fault {
  const points: Fault['points'] = (boundary, all) =>
    boundary.activity === 'versions.promote' && boundary.flow === 'planned' && !hasOneValue(all)
      ? withEngine(boundary, all)
      : [];
  return {
    ...{ name: 'worker-on-environment-in-grace', points, act: 'pause', graceMs: 120_000 },
    ...{ ends: ['rolled-back', 'abandoned'], waits: /old key is idle: used/, decide: bySight },
    async play(sandbox) {
      const { session, handle, fixture, worker } = sandbox;
      const { credential } = fixture.scenario;
      await reached(sandbox);
      worker.goOn();
      while (!sandbox.over && !(await inGrace(handle))) await delay(50);
      startAnew(documentsOf(fixture));
      await fixture.scenario.consume();
      await hasten(session, handle, { credential, actor: 'harness', byMs: null });
    },
  };
}

/** A person hears that the old value was used since, and looks which value the engine has. */
function bySight({ choices }: Waiting, asked: number, { fixture: { scenario } }: Sandbox): Decision {
  if (asked > 2) return 'abandon';
  const isBack = Object.values(scenario.adopted).includes(scenario.engineHolds() ?? '');
  return isBack && choices.includes('roll-back') ? 'roll-back' : 'skip';
}

const ends = /\.(?:(?:disable|delete|remove|regenerate)Key|deactivate|remove|askToRevoke)$/;
const looks = ['docuelevate.processTestDocument', 'docuelevate.provesByStep'];

/**
 * Once the environment's value is switched off, the engine fails until it is made to reload. Once that value is gone,
 * nobody makes it reload.
 */
function strands({ flow, index }: Boundary, all: readonly Boundary[]): Stranding | null {
  const own = all.filter((boundary) => boundary.flow === flow);
  if (flow === 'emergency')
    return index > own.findLastIndex(({ activity }) => looks.includes(activity)) ? 'for good' : null;
  if (flow === 'planned' && hasOneValue(own)) return strandsOne(index, own);
  const isEnd = ({ phase, activity }: Boundary): boolean => phase === 'retire' && ends.test(activity);
  const [first, last] = [own.findIndex(isEnd), own.findLastIndex(isEnd)];
  if (flow === 'roll-back' || first < 0) return null;
  if (index > last) return 'for good';
  const proof = own.slice(0, first).findLastIndex(({ activity }) => looks.includes(activity));
  return index > proof ? 'until the next proof' : null;
}

/** The environment's value is already dead when the engine is given the next one. */
function strandsOne(index: number, own: readonly Boundary[]): Stranding | null {
  const written = own.findLastIndex(({ activity }) => activity === 'docuelevate.writeSettings');
  if (index > own.findLastIndex(({ activity }) => looks.includes(activity))) return 'for good';
  return index > written ? 'until the next proof' : null;
}

function withEngine(_: Boundary, all: readonly Boundary[]): Point[] {
  return all.some(({ activity }) => activity.startsWith('docuelevate.')) ? entry() : [];
}

function beforeDocuments({ activity }: Boundary): Point[] {
  return [...looks, 'docuelevate.observeDocument'].includes(activity) ? entry() : [];
}

function documentsOf({ documents }: Sandbox['fixture']): Documents {
  if (!documents) throw new Error('this engine processes no documents of ours');
  return documents;
}
