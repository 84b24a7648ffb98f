import type { IssuingActivities } from '../../activities/kit/issuing.js';
import { activitiesOf } from '../../src/domain/call.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import { docuelevate, kitCalls, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const nextcloud = activitiesOf<IssuingActivities>('nextcloud', kitCalls);
const upload = 'upload_to_nextcloud';

export const nextcloudAppPassword = {
  id: 'nextcloud-app-password',
  section: 'Nextcloud Password / App Password',
  engine: 'docuelevate',
  provider: 'nextcloud',
  settings: { nextcloud_password: 'password' },
  use: { step: upload },
  every: '90 days',
  overlap: 'both-valid',
  workflow: 'rotateNextcloudAppPassword',
} as const satisfies ProcedureDescriptor;

const why = 'Nextcloud does not report which app password a request used';

export const rotateNextcloudAppPassword = defineRotation(nextcloudAppPassword, {
  accepts: (version) => nextcloud.accepts(version),
  refuses: (version) => nextcloud.refuses(version),

  async adopt(run, version) {
    await run.check('Nextcloud accepts the app password', nextcloud.accepts(version));
  },

  /** Guide steps 1 and 2, in an order without a gap: the old app password is revoked last. */
  async replace(run) {
    await run.step('Create a new app password', nextcloud.create(run.next), { undo: nextcloud.remove(run.next) });
    await run.check('Nextcloud accepts the new app password', nextcloud.accepts(run.next));
    await feed(run, 'nextcloud_password');
  },

  async verify(run, version) {
    await run.check(
      'A test document is uploaded with it',
      docuelevate.processTestDocument({ version, expect: upload }),
    );
    await run.check('Nextcloud saw it in use', versions.notObservable({ version, kind: 'in-use', why }));
    await run.check('Nextcloud accepts the app password', nextcloud.accepts(version));
    await stillHolds(run, version);
  },

  /** Guide step 1: "revoke the existing app password". */
  async retire(run, old) {
    await run.check('Nothing else uses the old app password', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('The old app password is idle', versions.notObservable({ version: old, kind: 'idle', why }));
    await run.check('The new app password is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Revoke the old app password', nextcloud.remove(old));
    await run.check('The old app password is refused', nextcloud.refuses(old));
  },
});
