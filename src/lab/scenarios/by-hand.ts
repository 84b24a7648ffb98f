import type { Task } from '../../domain/task.js';
import { byHand } from '../../../workflows/procedures/by-hand.js';
import { type NextcloudLab, type NextcloudLabOptions, startNextcloudLab } from '../nextcloud/server.js';
import type { Deed } from '../people.js';
import { labOf, type ProviderLab } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface ByHandScenarioOptions extends ScenarioOptions, NextcloudLabOptions {}

const adopted = 'DocuElevate';

/** A person creates and revokes app passwords in the settings of Nextcloud. A probe asks by WebDAV. */
const definition: ProviderLab<NextcloudLab, ByHandScenarioOptions> = {
  procedure: { ...byHand, settings: { nextcloud_password: 'value' }, use: { step: 'upload_to_nextcloud' } },
  name: 'by-hand',
  credential: 'nextcloud',
  start: startNextcloudLab,
  adopt: (nextcloud) => ({ value: nextcloud.createAppPassword(adopted) }),
  engine: ({ uploadUrl: url, username }, { value: password = '' }) => ({
    nextcloud: { url, username, password, folder: 'Archive' },
  }),
  use: 'nextcloud',
  entry: ({ uploadUrl: url, username }) => ({
    settings: ['nextcloud_password'],
    owner: 'platform@example.com',
    tasks: { giveUpAfter: '2 hours' },
    provider: {
      ...{ name: 'Nextcloud', account: username, overlap: 'both-valid', propagation: '0 seconds' },
      probe: { protocol: 'webdav', url, username },
    },
  }),
  secretFiles: () => ({}),
  enginesOwn: ({ method, path }) =>
    path.startsWith('/remote.php/') && !(method === 'PROPFIND' && path.endsWith('/docuelevate/')),
  declared: () => ({ method: 'ASK', path: '{probe}' }),
  secrets: (nextcloud) => [nextcloud.adminPassword, ...nextcloud.values()],
  populate(nextcloud) {
    nextcloud.server.allowListed = true; // on the fixture's clock a replacement takes half an hour, and the consumer would lock everybody out
    const password = nextcloud.createAppPassword('a person');
    return { own: { value: password }, values: [password, nextcloud.createAppPassword('keyturn-nextcloud')] };
  },
  issued: (nextcloud) =>
    nextcloud.appPasswords().map(({ value, name, works }) => ({ value, label: name, alive: works, unlisted: true })),
  kill: (nextcloud, { value = '' }) => nextcloud.kill(value),
  people: (nextcloud) => (task) => work(nextcloud, task),
};

export const byHandLab = labOf(definition);

/** The same, with the value in DocuElevate's environment. A command recreates its processes. */
const inEnvironment: typeof definition = {
  ...definition,
  engine: (nextcloud, adopted) => ({
    ...definition.engine(nextcloud, adopted),
    ...{ deployed: true, bootMs: 300, credentialChecks: true },
  }),
  entry: (nextcloud, options) => ({ ...definition.entry(nextcloud, options), via: 'environment' }),
};

export const byHandEnvironmentLab = labOf(inEnvironment);

/** The same. A person recreates them. */
export const byHandRestartLab = labOf({ ...inEnvironment, restartedByPerson: true });

/** Does what the instructions say, and nothing that they do not say. */
function work(nextcloud: NextcloudLab, { asks, instructions }: Task): Deed {
  const text = instructions.join('\n');
  if (asks === 'value') {
    const [, name = 'without a name'] = /call it (\S+)/.exec(text) ?? [];
    return { state: 'done', words: null, parts: { value: nextcloud.createAppPassword(name) } };
  }
  const named = [...text.matchAll(/named (\S+) if/g)].map(([, name]) => name);
  const doomed = text.includes(', adopted ') ? [...named, adopted] : named;
  for (const { name, value, works } of nextcloud.appPasswords())
    if (works && doomed.includes(name)) nextcloud.kill(value);
  return { state: 'done', words: `revoked ${doomed.length} in the settings` };
}

export const startByHand = byHandLab.start;
