import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type NextcloudLab, type NextcloudLabOptions, startNextcloudLab } from '../nextcloud/server.js';
import { scenarioOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface NextcloudScenarioOptions
  extends ScenarioOptions, NextcloudLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {}

/**
 * DocuElevate uploads documents to Nextcloud with the only app password of an account, which a person created in the
 * settings.
 */
export const startNextcloudAppPassword = scenarioOf<NextcloudLab, NextcloudScenarioOptions>({
  procedure: 'nextcloud-app-password',
  name: 'nextcloud',
  start: startNextcloudLab,
  adopt: (nextcloud) => ({ password: nextcloud.createAppPassword('DocuElevate') }),
  engine: ({ uploadUrl: url, username }, { password = '' }) => ({
    nextcloud: { url, username, password, folder: 'Archive' },
  }),
  setting: 'nextcloud_password',
  use: (docuelevate) => docuelevate.useNextcloud(),
  provider: ({ url, username }) => ({
    ...{ url, username, password: { file: './nextcloud-account' } },
    propagation: '0 seconds', // the lab accepts new app passwords and refuses deleted ones at once
  }),
  secretFiles: ({ accountPassword }) => ({ 'nextcloud-account': accountPassword }),
  enginesOwn: /^\/remote\.php\//,
  working: (nextcloud) => nextcloud.working(),
  values: (nextcloud) => [nextcloud.adminPassword, ...nextcloud.values()],
});
