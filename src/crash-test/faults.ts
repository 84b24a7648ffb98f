import { setTimeout as delay } from 'node:timers/promises';
import type { Decision, Waiting } from '../domain/rotation.js';
import type { FaultKind } from '../lab/faults.js';
import { entry, hasOneValue, outside, reached, reachMs } from './acting.js';
import type { Boundary } from './cases.js';
import { engineFaults } from './engine-faults.js';
import type { Fault } from './fault.js';
import { diskOrigin, type Outgoing, type Point } from './setback.js';
import { type Sandbox, unstick, until, within } from './sandbox.js';
import { kindOf } from './recorder.js';

const takeOverMs = 30_000;
const hourMs = 3_600_000;
const propagatedMs = 3_000; // longer than a record may lag behind what it says (timeline.ts)

/** What a rotation may say about a setting that somebody else has changed. */
const edited =
  /changed by a person|was changed since|signs with another key|does not show our value|may still hold it|setting-ours|old key is idle: used|shows no use of the key|overrides the environment/;

/** Every fault. */
export const faults: readonly Fault[] = [
  kill('kill-entry', entry),
  kill('kill-answer', (boundary) => [...changes(boundary, 'answer'), ...onlyRead(boundary, 'answer')]),
  kill('kill-file', onDisk),
  kill('kill-write', ({ writes }) => writes.map((_, nth) => ({ at: 'write', nth }))),
  kill('kill-end', () => [{ at: 'end' }]),
  stop('stop-entry', entry, (sandbox) => until('another worker took over', () => tookOver(sandbox), takeOverMs)),
  stop(
    'stop-request',
    (boundary) => changes(boundary, 'request'),
    (sandbox) => until('the rotation is over', () => sandbox.over, takeOverMs),
  ),
  stop('stop-keep', keeps, (sandbox) => until('another worker took over', () => tookOver(sandbox), takeOverMs)),
  stop('stop-write', lateWrites, async (sandbox) => {
    await until('the rotation is over', () => sandbox.over, takeOverMs);
    await delay(propagatedMs);
  }),
  overtaken(),
  outside('server-kill', entry, ({ temporal }) => temporal.crash()),
  serverAway(),
  answered('reset-after', asked, 'reset-after'),
  answered('rate-limit', firstRequest, { status: 429, retryAfterSeconds: 1, body: 'slow down' }),
  answered('server-error', firstRequest, { status: 503, body: 'not now' }),
  answered('hang', firstRequest, 'hang'),
  {
    ...answered('refusal', firstRequest, { status: 400, body: 'no' }),
    ends: ['rolled-back'],
    waits: /400/,
    decide: retrying,
  },
  falseDeletion(),
  oldDies(),
  {
    ...outside('edit', entry, async ({ fixture }) => fixture.edit('own')),
    ...{ edited: true, ends: ['rolled-back', 'abandoned', 'contained'], waits: edited, decide: takeBack },
  },
  {
    ...outside('edit-back', beforeProofEnds, async ({ fixture }) => fixture.edit('adopted')),
    ...{ edited: true, ends: ['rolled-back', 'abandoned'], waits: edited, decide: takeItLightly },
  },
  outside('clock-ahead', entry, async ({ fixture }) => fixture.skew(hourMs)),
  {
    ...outside('clock-behind', entry, async ({ fixture }) => fixture.skew(-hourMs)),
    // after the clock went back, uses have other times
    ...{ waits: /old key is idle: used|shows no use of the key/, decide: () => 'skip' },
  },
  { ...outside('emergency', entry, (sandbox) => sandbox.emergency()), ends: ['replaced'] },
  ...engineFaults,
];

function kill(name: string, points: Fault['points']): Fault {
  return {
    ...{ name, points, act: 'kill' },
    async play(sandbox) {
      await within('the worker dies', sandbox.worker.exited, reachMs);
      await replace(sandbox);
    },
  };
}

/** The worker freezes, and comes back when it is no longer expected. */
function stop(name: string, points: Fault['points'], moment: (sandbox: Sandbox) => Promise<void>): Fault {
  return {
    ...{ name, points, act: 'stop' },
    async play(sandbox) {
      await reached(sandbox);
      await replace(sandbox);
      await moment(sandbox);
      sandbox.worker.signal('SIGCONT');
    },
  };
}

/** Writes that open, advance and close a rotation itself. */
const standings: ReadonlySet<string> = new Set(['open', 'promote', 'demote', 'move', 'close']);

/** Writes that nothing refuses once their rotation is over and no other is open. */
const unfenced: ReadonlySet<string> = new Set(['open', 'seize', 'prove']);

/** Places where a write is about to happen that the store would still accept when everything is over. */
function lateWrites({ writes }: Boundary): Point[] {
  return writes.flatMap((name, nth) => (unfenced.has(name) ? [{ at: 'write', nth }] : []));
}

/** An emergency takes over from a step that is frozen on its way to a change. The step goes on after the emergency. */
function overtaken(): Fault {
  const points: Fault['points'] = (boundary) => {
    const { flow, fences, writes } = boundary;
    if (flow === 'emergency') return [];
    if (fences === 0) return writes.some((name) => standings.has(name)) ? entry() : [];
    const presenting = Array.from({ length: fences }, (_, nth) => ({ at: 'fence' as const, nth }));
    return [...presenting, ...changes(boundary, 'request')];
  };
  const over = stop('overtaken', points, (sandbox) => until('the rotation is over', () => sandbox.over, takeOverMs));
  return {
    ...over,
    ends: ['replaced'],
    async play(sandbox) {
      await reached(sandbox);
      await sandbox.emergency();
      await over.play(sandbox);
    },
  };
}

/** Temporal does not answer for longer than the heartbeat timeout. The call happens meanwhile. */
function serverAway(): Fault {
  return {
    ...{ name: 'server-away', points: entry, act: 'pause' },
    async play(sandbox) {
      await reached(sandbox);
      const back = sandbox.temporal.away(2_000);
      sandbox.worker.goOn();
      await back;
    },
  };
}

/** The other side answers one request in another way. */
function answered(name: string, points: Fault['points'], kind: FaultKind): Fault {
  return outside(name, points, async ({ fixture }, request) => {
    if (!request) throw new Error('no request was made');
    arm(fixture.systems, request, kind);
  });
}

/** The provider confirms a deletion that it did not make. Then a proxy refuses the first request that asks about it. */
function falseDeletion(): Fault {
  const points: Fault['points'] = (boundary) =>
    /\.(?:(?:delete|regenerate)Key|deactivate|remove)$/.test(boundary.activity) ? changes(boundary, 'request') : [];
  const falseSuccess = outside('false-deletion', points, async ({ fixture }, request) => {
    const { falseSuccess: answer } = fixture;
    if (!request || !answer) throw new Error('nothing was deleted');
    arm(fixture.systems, request, { status: 200, body: answer.body() });
    for (const { faults: plan } of fixture.systems)
      plan.add({ method: 'GET', path: answer.probe, kind: { status: 403, body: 'the proxy forbids it' } });
  });
  return { ...falseSuccess, ends: ['abandoned', 'contained'], waits: /still accepts/, decide: retrying };
}

/**
 * The provider revokes the value that a roll back would restore, when the rotation has to roll back or has begun to.
 */
function oldDies(): Fault {
  const points: Fault['points'] = (boundary, all) => {
    const { flow, phase, title } = boundary;
    if (hasOneValue(all)) return [];
    if (flow === 'roll-back' && title.endsWith('still works')) return entry();
    return flow === 'planned' && phase === 'verify' ? firstRequest(boundary) : [];
  };
  const dying = outside('old-dies', points, async ({ fixture }, request) => {
    fixture.killAdopted();
    if (request) arm(fixture.systems, request, { status: 400, body: 'no' });
  });
  return { ...dying, ends: ['abandoned'], waits: /still works/, decide: () => 'abandon' };
}

function arm(systems: Sandbox['fixture']['systems'], { origin, method, path }: Outgoing, kind: FaultKind): void {
  for (const { url, faults: plan } of systems) if (url === origin) plan.add({ method, path, kind });
}

/** Places where a new value is about to be kept. */
function keeps({ writes }: Boundary): Point[] {
  return writes.flatMap((name, nth) => (name === 'keep' ? [{ at: 'write', nth }] : []));
}

/** The changes at a boundary: requests, and files on this machine. */
function changes({ requests }: Boundary, at: 'request' | 'answer'): Point[] {
  return changesOf(requests).map((_, nth) => ({ at, of: 'change', nth }));
}

/** Changes asked of a system that can answer in another way. A disk cannot. */
function asked({ requests }: Boundary): Point[] {
  return changesOf(requests).flatMap(({ origin }, nth) =>
    origin === diskOrigin ? [] : [{ at: 'request', of: 'change', nth }],
  );
}

/** Places where a file is about to replace another one. */
function onDisk({ requests }: Boundary): Point[] {
  return changesOf(requests).flatMap(({ origin }, nth) =>
    origin === diskOrigin ? [{ at: 'request', of: 'change', nth }] : [],
  );
}

function changesOf(requests: readonly Outgoing[]): Outgoing[] {
  return requests.filter((request) => kindOf(request) === 'change');
}

/** The first request of a boundary that changes nothing. */
function onlyRead(boundary: Boundary, at: 'request' | 'answer'): Point[] {
  const looks = boundary.requests.length > 0 && changes(boundary, at).length === 0;
  return looks ? [{ at, of: 'read', nth: 0 }] : [];
}

function firstRequest(boundary: Boundary): readonly Point[] {
  const [first] = asked(boundary);
  return first ? [first] : onlyRead(boundary, 'request');
}

/**
 * The activities that change what the engine's user holds, and that look at it: a setting, or else what is delivered.
 */
const switches = [
  { by: 'docuelevate.writeSettings', seen: 'docuelevate.settingsAreOurs' },
  { by: 'delivery.deliver', seen: 'delivery.isDelivered' },
];

/**
 * From the switch until the last look at the setting before the old value goes: after that look nobody can notice in
 * time. A look that sees nothing does not count, because what a command was given cannot be read back.
 */
function beforeProofEnds(boundary: Boundary, all: readonly Boundary[]): readonly Point[] {
  if (boundary.flow !== 'planned') return [];
  const own = all.filter(({ flow }) => flow === 'planned');
  const way = switches.find(({ by }) => own.some(({ activity }) => activity === by));
  const switched = own.findIndex(({ phase, activity }) => phase === 'replace' && activity === way?.by);
  const lastLook = own.findLastIndex(
    ({ phase, activity, outcome }) => phase === 'proof' && activity === way?.seen && outcome === 'proved',
  );
  return boundary.index > switched && boundary.index <= lastLook ? entry() : [];
}

async function replace(sandbox: Sandbox): Promise<void> {
  const worker = sandbox.replace();
  await unstick(sandbox);
  await worker.ready;
  await unstick(sandbox);
}

/** Whether another worker has done a step. It is the frozen worker's step, since nothing else is left to do. */
function tookOver({ over, hired }: Sandbox): boolean {
  return over || hired.slice(1).some(({ ended }) => ended.some(({ outcome }) => outcome === 'succeeded'));
}

function retrying({ choices }: Waiting, asked: number): Decision {
  return asked < 3 && choices.includes('retry') ? 'retry' : 'abandon';
}

/** Rolls back if possible. What cannot be rolled back is left as it is. */
function takeBack({ choices }: Waiting, asked: number): Decision {
  if (asked === 0 && choices.includes('roll-back')) return 'roll-back';
  return asked < 2 ? 'skip' : 'abandon';
}

/** A person in a hurry ignores what the rotation says about the setting. */
function takeItLightly({ why }: Waiting, asked: number): Decision {
  return asked < 10 && /still holds our change|old key is idle/.test(why) ? 'skip' : 'abandon';
}
