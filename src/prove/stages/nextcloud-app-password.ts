import type { NextcloudLab } from '../../lab/nextcloud/server.js';
import { startNextcloudAppPassword } from '../../lab/scenarios/nextcloud-app-password.js';
import type { LabServer } from '../../lab/server.js';
import type { Stage } from '../stage.js';
import { stageOf } from './provider-lab.js';

/** The scenario, with a person's own app password and one whose name could be ours. */
export function stageNextcloudAppPassword(): Promise<Stage> {
  return stageOf<NextcloudLab>({
    start: startNextcloudAppPassword,
    isLab,
    ...{ setting: 'nextcloud_password', step: 'upload_to_nextcloud' },
    populate(lab) {
      lab.standing.allowListed = true; // by the stage's clock a worker is replaced in half an hour, and the consumer would lock everybody out
      return [lab.createAppPassword('a person'), lab.createAppPassword('keyturn-nextcloud')];
    },
    issued: (lab) =>
      lab
        .appPasswords()
        .map(({ value, name, works }) => ({ value, label: name, alive: works, unlisted: true as const })),
    hollow: {
      body: () => JSON.stringify({ ocs: { meta: { status: 'ok', statuscode: 200, message: 'OK' }, data: [] } }),
      probe: '/ocs/v2.php/cloud/user',
    },
  });
}

function isLab(server: LabServer): server is NextcloudLab {
  return 'appPasswords' in server;
}
