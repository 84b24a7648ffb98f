import { engines, versions } from '../systems.js';
import type { Call } from '../../src/domain/call.js';
import type { Begun, Opened, Undo } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';

/** The way of every planned rotation. The runner owns this order, a procedure the order of its steps. */
export async function forward(run: RotationRun): Promise<void> {
  const { procedure } = run.definition;
  await (run.opened ? goOn(run, run.opened) : open(run));
  requireAdoption(run);
  await noticeDrift(run);
  await confirm(run);
  await run.during('replace', () => procedure.replace(run));
  await run.during('verify', () => procedure.verify(run, run.next));
  await run.during('promote', () => run.step(`Put version ${run.next.number} in force`, versions.promote(run.next)));
  run.commit();
  const old = run.current;
  if (!old) return;
  const { usage } = run.policy;
  const graceMs = run.definition.descriptor.overlap === 'single' ? 0 : run.policy.graceMs; // refused already
  if (graceMs > 0) await run.during('grace', () => run.hold(`Keep version ${old.number} usable`, graceMs));
  await retire(run, { old, proven: graceMs === 0 && !usage?.resolutionMs });
}

/** After a wait that was too long for one run. */
export async function goOn(run: RotationRun, { fence, next }: Opened): Promise<void> {
  const { credential } = run.input;
  const context = { credential, fence, phase: 'open', title: 'Go on in a new run', emergency: false } as const;
  run.goesBy(await keep(run, versions.handOver(next), context));
}

async function open(run: RotationRun): Promise<void> {
  const { runtime, input } = run;
  const { credential, request, wish } = input;
  const title = 'Open the rotation';
  const call: Call<Begun> = versions.openRotation({ credential, request, ...(wish !== undefined && { wish }) });
  const started = runtime.now();
  const { policy, ...opened } = await keep(run, call, {
    credential,
    fence: null,
    phase: 'open',
    title,
    emergency: false,
  });
  run.goesBy(policy);
  run.opened ??= opened; // an emergency may have opened it anew before the answer came
  run.completedSteps.steps.push({ phase: 'open', title, state: 'done', startedAt: started, endedAt: runtime.now() });
}

/** Where the engine would lose what it holds, and nobody could put it back. */
function requireAdoption({ current, definition, input }: RotationRun): void {
  if (current || !definition.descriptor.needsAdoption) return;
  throw new Exit(
    'roll-back',
    `nothing was adopted: give the value in force first, with keyturn adopt ${input.credential}`,
  );
}

/** Somebody may have changed the setting by hand since: then what is in force is not what this rotation would replace. */
async function noticeDrift(run: RotationRun): Promise<void> {
  const { current, opened } = run;
  if (!current || !opened || opened.unconfirmed) return;
  const call = engines[run.definition.descriptor.engine].isOurs(current);
  await run.during('open', () => run.check('The engine still holds what we last wrote', call, { whenNot: 'ask' }));
}

/**
 * An adopted value was only asserted: engines do not give settings back. So it is observed first, as the engine uses it by itself, and
 * announced afterwards: written again and shown to work before anything hangs on it.
 */
async function confirm(run: RotationRun): Promise<void> {
  const { current, opened } = run;
  if (!current || !opened?.unconfirmed) return;
  const { procedure } = run.definition;
  await run.during('confirm', async () => {
    await letProbesPass(run, current);
    await (procedure.observe?.(run, current) ?? assume(run, current));
    await run.step('Write the adopted value again', engines[run.definition.descriptor.engine].write(current));
    await procedure.verify(run, current);
  });
}

/** Where the provider tells of uses, but not of those that come soon after one of ours. */
async function letProbesPass(run: RotationRun, version: VersionRef): Promise<void> {
  const resolutionMs = run.policy.usage?.resolutionMs ?? 0;
  if (resolutionMs === 0) return;
  await run.step('Wait until a use can be told from our own', versions.letProbesPass({ version, resolutionMs }));
}

/** Where no provider tells of uses: the value is accepted, the settings do not speak against it, and nothing else has it. */
async function assume(run: RotationRun, version: VersionRef): Promise<void> {
  const { procedure, descriptor } = run.definition;
  const holds = engines[descriptor.engine].holds?.(version);
  if (!holds) return;
  await run.check('The adopted value is accepted', procedure.accepts(version));
  await run.check('The settings show it, as far as they show it', holds);
  await run.check('Nothing else uses the adopted value', versions.soleUser(version), { whenNot: 'ask' });
}

/** Proof, then the end of the old version; when the proof went stale on the way (somebody was asked), both again. */
async function retire(run: RotationRun, { old, proven }: { old: VersionRef; proven: boolean }): Promise<void> {
  const { procedure } = run.definition;
  const prove = async (): Promise<void> => {
    await letProbesPass(run, run.next);
    await procedure.verify(run, run.next);
  };
  for (run.proofRounds ||= 1; ; run.proofRounds++) {
    const round = run.proofRounds;
    if (!proven || round > 1) await run.during('proof', prove, `-${round}`);
    try {
      await run.during('retire', () => procedure.retire(run, old));
      await run.during('close', () => run.step(`Record the end of version ${old.number}`, versions.recordEnd(old)));
      return;
    } catch (error) {
      if (!(error instanceof Exit) || error.to !== 'stale') throw error;
      run.completedSteps.forgetRetireChecks();
    }
  }
}

/**
 * Takes back what a planned rotation has done, newest first. Undo cannot destroy the way back: nothing is restored before the earlier value
 * is proved to work, once what disabled it is taken back, and an entry that fails waits for a person instead of being passed over. That what
 * was made is gone is seen, not believed.
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
  if (current && begun) await proveWayBack(run, current);
  await back(run, async () => {
    if (promoted) await run.step(`Put version ${current?.number ?? 'none'} in force again`, versions.demote(next));
    await run.step(`Discard version ${next.number}`, versions.startDiscard(next));
  });
  for (let entry = undo.pop(); entry; entry = undo.pop()) {
    await undoOne(run, entry);
    if (entry.drains) await letPass(run);
  }
  if (begun && !passedOver(run)) await proveGone(run);
  if (passedOver(run)) return;
  await back(run, () => run.step(`Record that version ${next.number} is gone`, versions.recordDiscarded(next)));
}

/** What a person passed over may live on: the version stays listed as one that is being discarded. */
function passedOver({ completedSteps }: RotationRun): boolean {
  return completedSteps.steps.some(({ phase, state }) => phase === 'roll-back' && state === 'skipped');
}

async function undoOne(run: RotationRun, { title, call }: Undo): Promise<void> {
  for (;;) {
    try {
      return await back(run, () => run.step(`Undo: ${title}`, call));
    } catch (error) {
      if (!(error instanceof Exit) || error.to !== 'stale' || !run.current) throw error;
      await proveWayBack(run, run.current);
    }
  }
}

/** Whoever got something by the new value, such as a token, may use it for as long as it was given out for. */
async function letPass(run: RotationRun): Promise<void> {
  const { drainMs = 0 } = run.policy;
  if (drainMs === 0) return;
  await back(run, () => run.hold(`Let pass what version ${run.next.number} has issued`, drainMs));
}

function proveWayBack(run: RotationRun, earlier: VersionRef): Promise<void> {
  const accepts = run.definition.procedure.accepts(earlier);
  return back(run, () => run.check(`Version ${earlier.number} still works`, accepts), `-${run.staleRounds}`);
}

/** A provider may say that it deleted what it did not. */
function proveGone(run: RotationRun): Promise<void> {
  const { next, definition } = run;
  return back(run, () => run.check(`Version ${next.number} is refused`, definition.procedure.refuses(next)));
}

/** Nothing cancels a roll back, so it looks itself whether an emergency has taken over. */
function back(run: RotationRun, work: () => Promise<void>, occurrence = ''): Promise<void> {
  if (run.inbox.emergencies.length > 0) throw new Exit('emergency', 'an emergency takes over');
  return run.during('roll-back', work, occurrence);
}
