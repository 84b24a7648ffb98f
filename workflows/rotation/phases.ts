import { versions } from '../systems.js';
import type { Call } from '../../src/domain/call.js';
import type { Begun, Opened, Undo } from '../../src/domain/rotation.js';
import { type AskPerson, askPerson } from './ask-person.js';
import { attempt } from './attempt.js';
import type { VersionRef } from '../../src/domain/version.js';
import { keep } from './bookkeeping.js';
import { forgetKept } from './delivery.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';
import type { Steps } from './steps.js';

/** Every planned rotation. The runner owns this order; a procedure owns the order of its steps. */
export async function forward(run: RotationRun): Promise<void> {
  await (run.opened ? goOn(run, run.opened) : open(run));
  requireAdoption(run);
  await noticeDrift(run);
  await confirm(run);
  await replace(run);
  run.commit();
  const old = run.current;
  if (!old) return forgetCopies(run);
  const { usage } = run.policy;
  const graceMs = run.overlap === 'single' ? 0 : run.policy.graceMs; // refused already
  if (graceMs > 0) await run.during('grace', (steps) => steps.hold(`Keep version ${old.number} usable`, graceMs));
  await retire(run, { old, proven: graceMs === 0 && !usage?.resolutionMs });
}

/** Makes the new version and puts it in force. In an emergency nothing of it is undone. */
export async function replace(run: RotationRun, round = ''): Promise<void> {
  const { next, definition } = run;
  await run.during('replace', (steps) => definition.procedure.replace(steps), round);
  if (run.mode === 'containing') {
    run.undo.length = 0;
    await forgetCopies(run, round);
  }
  await run.during('verify', (steps) => definition.procedure.verify(steps, next), round);
  const title = `Put version ${next.number} in force`;
  await run.during('promote', (steps) => steps.step(title, versions.promote(next)), round);
}

/** Nothing is undone any more. */
async function forgetCopies(run: RotationRun, round = ''): Promise<void> {
  if (keepsCopies(run)) await run.during('replace', forgetKept, round);
}

function keepsCopies({ delivers, policy }: RotationRun): boolean {
  return delivers || policy.environment !== undefined;
}

/** Continues after a wait that was too long for one run. */
export async function goOn(run: RotationRun, { next }: Opened): Promise<void> {
  run.goesBy(await keep(run, versions.handOver(next), { title: 'Go on in a new run' }));
}

async function open(run: RotationRun): Promise<void> {
  const { runtime, input } = run;
  const { credential, request, wish } = input;
  const title = 'Open the rotation';
  const call: Call<Begun> = versions.openRotation({ credential, request, ...(wish !== undefined && { wish }) });
  const started = runtime.now();
  const { policy, ...opened } = await keep(run, call, { title, fence: null });
  run.goesBy(policy);
  run.opened ??= opened; // an emergency may have opened it again before the answer came
  run.completedSteps.steps.push({ phase: 'open', title, state: 'done', startedAt: started, endedAt: runtime.now() });
}

/** Without an adopted value the engine would lose what it holds, and nobody could put it back. */
function requireAdoption({ current, definition, input }: RotationRun): void {
  if (current || !definition.descriptor.needsAdoption) return;
  throw new Exit(
    'roll-back',
    `nothing was adopted: give the value in force first, with keyturn adopt ${input.credential}`,
  );
}

/** A setting may have been changed by hand since: then the value in force is not the one that this rotation would replace. */
async function noticeDrift(run: RotationRun): Promise<void> {
  const { current, opened } = run;
  if (!current || !opened || opened.unconfirmed) return;
  const call = run.engine.isOurs(current);
  await run.during('open', (steps) =>
    steps.check('The engine still holds what we last wrote', call, { whenNot: 'ask' }),
  );
}

/**
 * An adopted value is only asserted: engines do not return settings. So Keyturn first observes that the engine uses it, then writes it again
 * and proves that it works, before anything depends on it.
 */
async function confirm(run: RotationRun): Promise<void> {
  const { current, opened } = run;
  if (!current || !opened?.unconfirmed) return;
  const { procedure } = run.definition;
  await run.during('confirm', async (steps) => {
    await letProbesPass(steps, current);
    await (procedure.observe?.(steps, current) ?? assume(steps, current));
    const again = run.engine.write?.(current);
    if (again) await steps.step('Write the adopted value again', again);
    await procedure.verify(steps, current);
  });
}

/** For providers that report uses, but not those shortly after one of ours. */
async function letProbesPass(steps: Steps, version: VersionRef): Promise<void> {
  const resolutionMs = steps.run.policy.usage?.resolutionMs ?? 0;
  if (resolutionMs === 0) return;
  await steps.step('Wait until a use can be told from our own', versions.letProbesPass({ version, resolutionMs }));
}

/** For providers that report no uses: the value is accepted, the settings do not contradict it, and nothing else has it. */
async function assume(steps: Steps, version: VersionRef): Promise<void> {
  const { procedure } = steps.run.definition;
  const holds = steps.run.engine.holds?.(version);
  if (!holds) return;
  await steps.check('The adopted value is accepted', procedure.accepts(version));
  await steps.check('The settings show it, as far as they show it', holds);
  await steps.check('Nothing else uses the adopted value', versions.soleUser(version), { whenNot: 'ask' });
}

/** The proof that the new version is in force and works. A destruction requires it. */
export async function prove(steps: Steps): Promise<void> {
  const { next, definition } = steps.run;
  await letProbesPass(steps, next);
  await definition.procedure.verify(steps, next);
}

/** Proof, then the end of the old version. If the proof goes stale meanwhile (a person was asked), both again. */
export async function retire(run: RotationRun, { old, proven }: { old: VersionRef; proven: boolean }): Promise<void> {
  const { procedure } = run.definition;
  for (run.proofRounds ||= 1; ; run.proofRounds++) {
    const round = run.proofRounds;
    if (!proven || round > 1) await run.during('proof', prove, `-${round}`);
    try {
      await run.during('retire', (steps) => procedure.retire(steps, old));
      await run.during('close', (steps) =>
        steps.step(`Record the end of version ${old.number}`, versions.recordEnd(old)),
      );
      return;
    } catch (error) {
      if (!(error instanceof Exit) || error.to !== 'stale') throw error;
      run.completedSteps.forgetRetireChecks();
    }
  }
}

/**
 * Rolls a planned rotation back, newest step first, without destroying the way back:
 * - Undo of what disabled the earlier value comes first. Then that value has to be proved to work before anything is restored to it.
 * - An undo that fails waits for a person; none is skipped silently.
 * - The new value has to be seen refused; the provider's word is not enough.
 */
export async function rollBack(run: RotationRun, why: string): Promise<void> {
  const { current, next, undo } = run;
  const { promoted } = run.parking.beginRollBack(why);
  run.mode = 'undoing';
  for (let entry = undo.at(-1); entry?.revives; entry = undo.at(-1)) {
    await undoOne(run, entry);
    undo.pop();
  }
  const begun = undo.length > 0;
  await requireWayBack(run, begun);
  await back(run, async (steps) => {
    if (promoted) await steps.step(`Put version ${current?.number ?? 'none'} in force again`, versions.demote(next));
    await steps.step(`Discard version ${next.number}`, versions.startDiscard(next));
  });
  for (let entry = undo.pop(); entry; entry = undo.pop()) {
    await undoOne(run, entry);
    if (entry.drains) await letPass(run);
  }
  if (begun && !isSkipped(run)) await proveGone(run);
  if (isSkipped(run)) {
    if (keepsCopies(run)) await back(run, forgetKept); // of what a person left as it is
    return;
  }
  await back(run, (steps) => steps.step(`Record that version ${next.number} is gone`, versions.recordDiscarded(next)));
}

async function requireWayBack(run: RotationRun, begun: boolean): Promise<void> {
  const { current, mayBeReplaced } = run;
  if (current && mayBeReplaced) await seeWayBack(run, current);
  if (current && (begun || mayBeReplaced)) await proveWayBack(run, current);
}

/** Whoever was asked to replace the only value may have done so. */
function seeWayBack(run: RotationRun, current: VersionRef): Promise<void> {
  const title = `See that version ${current.number} still works`;
  return back(run, async (steps) => {
    const ask = run.definition.procedure.seeEarlier?.(steps, current);
    if (ask) await steps.once(title, () => askPerson(steps, { title, ask }));
  });
}

/** What a person skipped may live on, so the version stays listed as being discarded. */
function isSkipped({ completedSteps }: RotationRun): boolean {
  return completedSteps.steps.some(({ phase, state }) => phase === 'roll-back' && state === 'skipped');
}

/** A way back that was seen before a failure may be gone after it, so it is proved again before each further try. */
async function undoOne(run: RotationRun, { title: undone, call, isTask, revives }: Undo): Promise<void> {
  const { current } = run;
  const title = `Undo: ${undone}`;
  const again = current && !revives ? { again: () => proveWayBack(run, current, true) } : {};
  if (current && run.parking.isAbout(wayBackOf(current))) await proveWayBack(run, current, true);
  for (;;) {
    try {
      return await back(run, (steps) =>
        steps.once(title, () =>
          isTask ? askPerson(steps, { title, ask: call as AskPerson }) : attempt(steps, { title, call, ...again }),
        ),
      );
    } catch (error) {
      if (!(error instanceof Exit) || error.to !== 'stale' || !current) throw error;
      await proveWayBack(run, current, true);
    }
  }
}

/** What was issued with the new value, such as a token, works until it expires. */
async function letPass(run: RotationRun): Promise<void> {
  const { drainMs = 0 } = run.policy;
  if (drainMs === 0) return;
  await back(run, (steps) => steps.hold(`Let pass what version ${run.next.number} has issued`, drainMs));
}

function wayBackOf({ number }: VersionRef): string {
  return `Version ${number} still works`;
}

/** @param again it was proved before, which counts no longer */
function proveWayBack(run: RotationRun, earlier: VersionRef, again = false): Promise<void> {
  const title = wayBackOf(earlier);
  const before = run.completedSteps.steps.filter((step) => step.phase === 'roll-back' && step.title === title);
  const accepts = run.definition.procedure.accepts(earlier);
  return back(run, (steps) => steps.check(title, accepts), `-${again ? before.length : 0}`);
}

/** A provider may report a deletion that did not happen. */
function proveGone(run: RotationRun): Promise<void> {
  const { next, definition } = run;
  return back(run, (steps) => steps.check(`Version ${next.number} is refused`, definition.procedure.refuses(next)));
}

/** Nothing cancels a roll back, so it checks itself whether an emergency has taken over. */
function back(run: RotationRun, work: (steps: Steps) => Promise<void>, occurrence = ''): Promise<void> {
  if (run.inbox.emergencies.length > 0) throw new Exit('emergency', 'an emergency takes over');
  return run.during('roll-back', work, occurrence);
}
