import type { ProcedureDescriptor } from '../../../src/domain/procedure.js';
import { activitiesOf } from '../../../src/domain/call.js';
import { defineRotation } from '../../../workflows/rotation/define.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { TaskView } from '../../../src/domain/task.js';
import type { VersionRef } from '../../../src/domain/version.js';

/** Activities of a test's own making, under the names of a provider and an engine. */
export interface Scripted {
  create(version: VersionRef): Promise<void>;
  destroy(version: VersionRef): Promise<void>;
  disable(version: VersionRef): Promise<void>;
  enable(version: VersionRef): Promise<void>;
  accepts(version: VersionRef): Promise<Finding>;
  idle(version: VersionRef): Promise<Finding>;
  refuses(version: VersionRef): Promise<Finding>;
  write(version: VersionRef): Promise<void>;
  restore(version: VersionRef): Promise<void>;
  document(version: VersionRef): Promise<Finding>;
  ours(version: VersionRef): Promise<Finding>;
  seen(version: VersionRef): Promise<Finding>;
  holds(version: VersionRef): Promise<Finding>;
  /** Asks for a new value. */
  give(version: VersionRef): Promise<TaskView>;
  /** Asks to revoke a value. */
  revoke(version: VersionRef): Promise<TaskView>;
}

const script = activitiesOf<Scripted>('script', {
  startToClose: '10 seconds',
  attempts: 2,
  initialInterval: '0.02 seconds',
  maximumInterval: '1 second',
});

const descriptor = {
  id: 'scripted',
  section: 'Scripted',
  engine: 'docuelevate',
  provider: 'openai',
  settings: { scripted_key: 'key' },
  every: '90 days',
  overlap: 'both-valid',
  workflow: 'rotateScripted',
} as const satisfies ProcedureDescriptor;

export const rotateScripted = defineRotation(descriptor, {
  accepts: (version) => script.accepts(version),
  refuses: (version) => script.refuses(version),
  async adopt() {},
  async observe() {},
  async replace(run) {
    await run.step('Create', script.create(run.next), { undo: script.destroy(run.next) });
    await run.step('Write', script.write(run.next), { undo: script.restore(run.next) });
  },
  async verify(run, version) {
    await run.check('Accepted', script.accepts(version));
    await run.check('Document', script.document(version));
  },
  async retire(run, old) {
    await run.check('Idle', script.idle(old), { whenNot: 'ask' });
    await run.step('Disable', script.disable(old), { undo: script.enable(old) });
    await run.pause('Keep it disabled', '0.1 seconds');
    await run.step('Destroy', script.destroy(old));
    await run.check('Refused', script.refuses(old));
  },
});

const assisted = { ...descriptor, id: 'assisted', workflow: 'rotateAssisted' } as const satisfies ProcedureDescriptor;

/** A procedure in which a person has to do something. */
export const rotateAssisted = defineRotation(assisted, {
  accepts: (version) => script.accepts(version),
  refuses: (version) => script.refuses(version),
  async adopt() {},
  async observe() {},
  async replace(run) {
    await run.task('Give consent', script.give(run.next), { undoTask: script.revoke(run.next) });
    await run.step('Write', script.write(run.next), { undo: script.restore(run.next) });
  },
  async verify(run, version) {
    await run.check('Document', script.document(version));
  },
  async retire(run, old) {
    await run.task('Revoke by hand', script.revoke(old));
    await run.check('Refused', script.refuses(old));
  },
});

const tried = { ...descriptor, id: 'tried', workflow: 'rotateTried' } as const satisfies ProcedureDescriptor;

/** A procedure that observes an adopted value, and tries whether the engine does without the old one. */
export const rotateTried = defineRotation(tried, {
  accepts: (version) => script.accepts(version),
  refuses: (version) => script.refuses(version),
  async adopt() {},
  async observe(run, version) {
    await run.check('Observed', script.seen(version), { whenNot: 'ask' });
  },
  async replace(run) {
    await run.step('Create', script.create(run.next), { undo: script.destroy(run.next) });
    await run.step('Write', script.write(run.next), { undo: script.restore(run.next) });
  },
  async verify(run, version) {
    await run.check('Document', script.document(version));
    await run.check('Seen', script.seen(version));
  },
  async retire(run, old) {
    await run.tryOut('Disable', script.disable(old), {
      undo: script.enable(old),
      within: '3 seconds',
      trial: () => run.verify(),
    });
    await run.step('Destroy', script.destroy(old));
  },
});

const assumed = { ...descriptor, id: 'assumed', workflow: 'rotateAssumed' } as const satisfies ProcedureDescriptor;

/** A procedure of a provider that does not tell when a value was used. */
export const rotateAssumed = defineRotation(assumed, {
  accepts: (version) => script.accepts(version),
  refuses: (version) => script.refuses(version),
  async adopt() {},
  async replace(run) {
    await run.step('Create', script.create(run.next), { undo: script.destroy(run.next) });
  },
  async verify() {},
  async retire(run, old) {
    await run.step('Destroy', script.destroy(old));
  },
});
