import { randomBytes } from 'node:crypto';
import type { Task } from '../../domain/task.js';
import { byHand } from '../../../workflows/procedures/by-hand.js';
import type { Arrival } from '../arrival.js';
import type { InForce } from '../gaps.js';
import type { LabAccount } from '../logins/account.js';
import type { Deed, Handed } from '../people.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';
import type { LabServer } from '../server.js';
import { startWebDavLab } from '../webdav/server.js';

export interface ByHandSingleOptions extends ScenarioOptions {
  /** Whether Keyturn can ask the server; it can when left out. */
  readonly probed?: boolean;
}

/** A WebDAV server, and the passwords that its account has had. */
interface WebDavServer extends LabServer, Pick<LabAccount, 'username' | 'working'> {
  readonly folderUrl: string;
  readonly inForce: InForce[];
  /** Passwords of ours. Others were set by somebody who keeps them. */
  readonly ours: string[];
  arrivals(): readonly Arrival[];
  /** A person changes the password. */
  setPassword(password: string): void;
}

async function startServer(options: ScenarioOptions): Promise<WebDavServer> {
  const { arrivals, ...lab } = await startWebDavLab({ ...options, password: nobodyKnows() });
  const inForce = [{ value: lab.password, at: 0 }];
  return {
    ...{ ...lab, inForce, ours: [lab.password], arrivals: () => arrivals },
    setPassword(password) {
      lab.setPassword(password);
      inForce.push({ value: password, at: Date.now() });
    },
  };
}

function nobodyKnows(): string {
  return randomBytes(18).toString('base64url');
}

/** An account with one password: a new one ends the old one at once. Keyturn generates it, and a person sets it. */
export const byHandSingleLab = labOf<WebDavServer, ByHandSingleOptions>({
  procedure: {
    ...byHand,
    settings: { webdav_password: 'value' },
    use: { step: 'upload_to_webdav' },
    overlap: 'single',
  },
  name: 'by-hand',
  credential: 'webdav',
  start: startServer,
  adopt: ({ inForce }) => ({ value: inForce[0]?.value ?? '' }),
  engine: ({ folderUrl, username }, { value: password = '' }) => ({
    webdav: { url: `${folderUrl}/`, username, password, folder: '' },
  }),
  use: 'webdav',
  entry: ({ folderUrl, username }, { probed = true }) => ({
    settings: ['webdav_password'],
    owner: 'platform@example.com',
    tasks: { giveUpAfter: '2 hours' },
    provider: {
      ...{ name: 'The file server', account: username, overlap: 'single', newValue: 'generated' },
      ...(probed && { probe: { protocol: 'webdav', url: `${folderUrl}/`, username } }),
    },
  }),
  secretFiles: () => ({}),
  enginesOwn: ({ method }) => method === 'PUT',
  declared: () => ({ method: 'ASK', path: '{probe}' }),
  secrets: ({ inForce }) => inForce.flatMap(({ value }) => value ?? []),
  inForce: ({ inForce }) => inForce,
  /** No other password works than the one in force. */
  populate: ({ inForce }) => ({
    own: {
      get value() {
        return inForce.at(-1)?.value ?? '';
      },
    },
    values: [],
  }),
  issued: ({ ours, working }) =>
    ours.map((value) => ({ value, label: null, alive: working().includes(value), readable: true as const })),
  /** Somebody changes the password, if it is still the adopted one. */
  kill(lab, { value = '' }) {
    if (lab.working().includes(value)) lab.setPassword(nobodyKnows());
  },
  people: (lab) => (task, handed) => work(lab, task, handed),
});

async function work(lab: WebDavServer, { handsOver, title }: Task, handed: Handed): Promise<Deed> {
  if (title.startsWith('See that the old value')) {
    const { value = '' } = await handed();
    if (!lab.working().includes(value)) lab.setPassword(value);
    return { state: 'done', words: 'a document came through' };
  }
  if (!handsOver) {
    lab.setPassword(nobodyKnows());
    return { state: 'done', words: 'set a password that nobody knows' };
  }
  const { value = '' } = await handed();
  lab.setPassword(value);
  lab.ours.push(value);
  return { state: 'done', words: null };
}

export const startByHandSingle = byHandSingleLab.start;
