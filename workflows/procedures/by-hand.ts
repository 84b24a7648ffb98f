import type { ByHandActivities } from '../../activities/by-hand/activities.js';
import { activitiesOf } from '../../src/domain/call.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { VersionRef } from '../../src/domain/version.js';
import { defineRotation } from '../rotation/define.js';
import type { Run } from '../rotation/procedure.js';
import { docuelevate, kitCalls, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const person = activitiesOf<ByHandActivities>('by-hand', kitCalls);

/** Any setting. What differs between credentials is in the configuration, and `descriptorOf` adds it here. */
export const byHand = {
  id: 'by-hand',
  section: 'By hand',
  engine: 'docuelevate',
  provider: 'by-hand',
  settings: {},
  anySetting: true,
  needsAdoption: true,
  every: '90 days',
  overlap: 'both-valid',
  workflow: 'rotateByHand',
} as const satisfies ProcedureDescriptor;

const why = 'nobody reports which value a login used';

export const rotateByHand = defineRotation(byHand, {
  accepts: (version) => person.accepts(version),
  refuses: (version) => person.refuses(version),

  async adopt(run, version) {
    await run.check('The value is accepted', person.accepts(version));
  },

  async replace(run) {
    await (run.byHand.generates ? set(run) : give(run));
    await run.check('The new value is accepted', person.accepts(run.next));
    await feed(run, 'the settings');
  },

  async verify(run, version) {
    const { byStep, byTest, byWord } = run.byHand;
    if (byWord.length > 0) await see(run, version, byWord);
    for (const setting of byTest) {
      await run.check(`DocuElevate's own test of ${setting} passes`, docuelevate.provesByTest({ version, setting }));
      await run.check(`No document uses ${setting}`, docuelevate.provesByStep({ version, setting }));
    }
    for (const setting of byStep)
      await run.check(`A test document uses ${setting}`, docuelevate.provesByStep({ version, setting }));
    await run.check('The value was seen in use', versions.notObservable({ version, kind: 'in-use', why }));
    await run.check('The value is accepted', person.accepts(version));
    await stillHolds(run, version);
  },

  seeEarlier: ({ byHand: { overlap }, next }, version) =>
    overlap === 'single' ? person.askToSeeOld({ version, next }) : null,

  /** The person who is asked to revoke it also says that nothing else uses it. */
  async retire(run, old) {
    const { overlap, probes, endsByWrite } = run.byHand;
    if (overlap === 'both-valid') {
      await run.check('The old value is idle', versions.notObservable({ version: old, kind: 'idle', why }));
      const because = 'whoever revokes the old value is asked';
      const seen = versions.isSeen({ version: run.next, retiresUnseen: true, because });
      await run.check('A person is asked to revoke the old value', seen);
      await run.task('Revoke the old value', person.askToRevoke(old));
    }
    if (probes) await run.check('The old value is refused', person.refuses(old));
    if (endsByWrite) await engineRefuses(run, old);
  },

  /** One task for all: whoever does it has the page open. */
  async contain(run, targets) {
    if (targets.length === 0) return;
    await run.task('Revoke what leaked', person.askToContain({ version: run.next, targets }));
    const { probes, endsByWrite } = run.byHand;
    const refused = targets.flatMap((target) => [
      ...(probes ? [run.check(`Version ${target.number} is refused`, person.refuses(target))] : []),
      ...(endsByWrite ? [engineRefuses(run, target)] : []),
    ]);
    const failed = (await Promise.allSettled(refused)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason; // one that is not refused delays no other
  },
});

/** Where one value works at a time, nothing comes between its end and the new one. */
function ending({ byHand: { overlap, endsByWrite }, next }: Run) {
  if (endsByWrite) return {}; // the person only takes it down
  return overlap === 'single' ? ({ noWayBack: true } as const) : { undoTask: person.askToRevoke(next) };
}

async function give(run: Run): Promise<void> {
  const title = run.byHand.overlap === 'single' ? 'Replace the value' : 'Create a new value';
  await run.task(title, person.askForValue(run.next), ending(run));
}

/** Stored before anybody sets it, so it cannot get lost. */
async function set(run: Run): Promise<void> {
  await run.step('Generate a new value', person.generate(run.next));
  await run.task('Set the new value', person.askToSet(run.next), ending(run));
}

async function engineRefuses(run: Run, version: VersionRef): Promise<void> {
  for (const setting of run.byHand.byTest)
    await run.check(
      `DocuElevate refuses version ${version.number} of ${setting}`,
      docuelevate.refusesByTest({ version, setting }),
    );
}

/** What no document uses, a person sees. */
async function see(run: Run, version: VersionRef, settings: readonly string[]): Promise<void> {
  const seeing = { version, settings };
  await run.task('See that it works', person.askToSee(seeing));
  await run.check('A person has seen that it works', person.attestUse(seeing));
}
