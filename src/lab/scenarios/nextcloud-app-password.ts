import { nextcloudAppPassword } from '../../../workflows/procedures/nextcloud-app-password.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type NextcloudLab, type NextcloudLabOptions, startNextcloudLab } from '../nextcloud/server.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface NextcloudScenarioOptions
  extends ScenarioOptions, NextcloudLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {}

/**
 * DocuElevate uploads documents to Nextcloud with the only app password of an account, which a person created in the
 * settings.
 */
export const nextcloudLab = labOf<NextcloudLab, NextcloudScenarioOptions>({
  procedure: nextcloudAppPassword,
  name: 'nextcloud',
  start: startNextcloudLab,
  adopt: (nextcloud) => ({ password: nextcloud.createAppPassword('DocuElevate') }),
  engine: ({ uploadUrl: url, username }, { password = '' }) => ({
    nextcloud: { url, username, password, folder: 'Archive' },
  }),
  use: 'nextcloud',
  entry: ({ url, username }) => ({
    // the lab accepts new app passwords and refuses deleted ones at once
    provider: { url, username, password: { file: './nextcloud-account' }, propagation: '0 seconds' },
    unseenUse: 'retire',
  }),
  secretFiles: ({ accountPassword }) => ({ 'nextcloud-account': accountPassword }),
  enginesOwn: ({ path }) => path.startsWith('/remote.php/'),
  secrets: (nextcloud) => [nextcloud.adminPassword, ...nextcloud.values()],
  /** A person's own app password, and one whose name could be ours. */
  populate(nextcloud) {
    // on the fixture's clock it takes half an hour to replace a worker, and the consumer would lock everybody out
    nextcloud.server.allowListed = true;
    const password = nextcloud.createAppPassword('a person');
    return { own: { password }, values: [password, nextcloud.createAppPassword('keyturn-nextcloud')] };
  },
  issued: (nextcloud) =>
    nextcloud.appPasswords().map(({ value, name, works }) => ({ value, label: name, alive: works, unlisted: true })),
  kill: (nextcloud, { password = '' }) => nextcloud.kill(password),
  falseSuccess: () => ({
    body: () => JSON.stringify({ ocs: { meta: { status: 'ok', statuscode: 200, message: 'OK' }, data: [] } }),
    probe: '/ocs/v2.php/cloud/user',
  }),
});

export const startNextcloudAppPassword = nextcloudLab.start;
