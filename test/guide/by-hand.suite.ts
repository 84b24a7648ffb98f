import { randomBytes } from 'node:crypto';
import { credentialSettings } from '../../activities/docuelevate/credential-settings.js';
import type { RotationReport } from '../../src/domain/rotation.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Peers, SimulatedPeer } from '../../src/lab/docuelevate/peers.js';
import type { Worker } from '../../src/lab/people.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { inputOf } from '../../workers/compose.js';
import { scenes } from '../activities/docuelevate/scenes.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

// Settings of every kind rotate by hand on one DocuElevate: each by its own proof, and one value that feeds three of them.
const credentials: Readonly<Record<string, readonly string[]>> = {
  ai: ['anthropic_api_key'],
  dropbox: ['dropbox_refresh_token'],
  drive: ['google_drive_refresh_token'],
  sharepoint: ['sharepoint_client_secret'],
  evernote: ['evernote_auth_token'],
  icloud: ['icloud_password'],
  ftp: ['ftp_password'],
  mailbox: ['email_password', 'dest_email_password', 'imap1_password'],
  second: ['imap2_password'],
  billing: ['stripe_secret_key'],
  intake: ['document_intake_shared_secret'],
  'sign-in': ['authentik_client_secret'],
  errors: ['sentry_dsn'],
};

/** A part that a system accepts, and the list of the values that work. */
interface Door {
  readonly peer: SimulatedPeer;
  readonly part: string;
}

interface Estate {
  readonly peers: Record<string, SimulatedPeer>;
  readonly environment: Record<string, string>;
  readonly doors: Readonly<Record<string, Door[]>>;
  readonly values: Record<string, string>;
}

const acceptedBy = ({ peer, part }: Door): string[] => [peer.accepts[part] ?? []].flat();
const fresh = (name: string): string => `a-value-for-${name}-${randomBytes(6).toString('hex')}`;

async function build(): Promise<Estate> {
  const peers: Record<string, SimulatedPeer> = {};
  const environment: Record<string, string> = {};
  const doors: Record<string, Door[]> = {};
  const values: Record<string, string> = {};
  for (const [name, settings] of Object.entries(credentials)) {
    const value = (values[name] = fresh(name));
    doors[name] = [];
    for (const setting of settings) {
      const scene = await scenes[setting]?.();
      Object.assign(environment, scene?.options.environment, { [setting]: value });
      for (const [address, given] of Object.entries(scene?.options.peers ?? {})) {
        const own = given as SimulatedPeer;
        const [part] = Object.entries(own.accepts).find(([, accepted]) => accepted === scene?.right) ?? [undefined];
        const peer = (peers[address] ??= own); // one mail server behind several settings
        if (part === undefined) continue;
        peer.accepts[part] = [...acceptedBy({ peer, part }).filter((each) => each !== scene?.right), value];
        doors[name].push({ peer, part });
      }
    }
  }
  return { peers, environment, doors, values };
}

/** Whoever is asked makes a new value beside the old one, and ends the old one when that is asked for. */
function workerOf({ doors, values }: Estate): Worker {
  const before = { ...values };
  return ({ asks, credential, title }) => {
    const own = doors[credential] ?? [];
    if (asks === 'value') {
      const value = fresh(credential);
      for (const door of own) door.peer.accepts[door.part] = [...acceptedBy(door), value];
      values[credential] = value;
      return { state: 'done', words: null, parts: { value } };
    }
    if (title.startsWith('Revoke'))
      for (const door of own)
        door.peer.accepts[door.part] = acceptedBy(door).filter((each) => each !== before[credential]);
    return { state: 'done', words: title.startsWith('Revoke') ? 'it is gone' : 'it works' };
  };
}

function scenarioOf(estate: Estate, docuelevate: DocuElevateLab): Scenario {
  const [first = ''] = Object.keys(credentials);
  const admin = { username: docuelevate.adminUsername, password: { file: './docuelevate-admin' } };
  const provider = { name: 'The vendor', overlap: 'both-valid' };
  const entries = Object.entries(credentials).map(([name, settings]) => [
    name,
    { procedure: 'by-hand', engine: 'docs', owner: 'platform', settings, provider },
  ]);
  const engine = { kind: 'docuelevate', url: docuelevate.url, admin, testMailTo: 'keyturn@example.test' };
  return {
    ...{ systems: { docuelevate }, credential: first, adopted: { value: estate.values[first] ?? '' } },
    config: { engines: { docs: engine }, credentials: Object.fromEntries(entries) as Record<string, object> },
    secretFiles: { 'docuelevate-admin': docuelevate.adminPassword },
    people: workerOf(estate),
    consume: () => Promise.resolve(true),
    ...{ engineHolds: () => null, working: () => [], received: () => [], secrets: () => Object.values(estate.values) },
    stop: () => docuelevate.stop(),
  };
}

let estate: Estate;
let docuelevate: DocuElevateLab;
let rehearsal: TestRehearsal;

beforeAll(async () => {
  estate = await build();
  const { environment } = estate;
  const peers: Peers = estate.peers;
  docuelevate = await startDocuElevateLab({ environment, peers });
  rehearsal = await rehearse(scenarioOf(estate, docuelevate));
  const [, ...others] = Object.entries(estate.values);
  for (const [credential, value] of others)
    await adopt(rehearsal.session, { credential, parts: { value }, soleUser: true, actor: 'test' });
}, 60_000);
afterAll(() => rehearsal.stop());

async function rotate(credential: string): Promise<RotationReport> {
  const input = inputOf(credential, { actor: 'test', trigger: 'manual', reason: 'the guide' });
  return (await startRotation(rehearsal.session, rehearsal.client, input)).handle.result();
}

it.each(Object.entries(credentials))(
  'rotates %s by hand, and proves it in the way of its settings',
  async (credential, settings) => {
    const old = estate.values[credential];

    expect(await rotate(credential)).toMatchObject({ outcome: 'retired', version: 2, oldCredential: 'attested' });

    const value = estate.values[credential];
    expect(value).not.toBe(old);
    for (const setting of settings) expect(docuelevate.setting(setting)).toBe(value);
    for (const door of estate.doors[credential] ?? []) {
      expect(acceptedBy(door)).toContain(value);
      expect(acceptedBy(door)).not.toContain(old);
    }
    const evidence = await rehearsal.session.store.evidence({ credential, number: 2 });
    const proved = (kind: string) => evidence.some((each) => each.kind === kind && each.outcome === 'proved');
    for (const setting of settings) {
      const { proof, unseen } = credentialSettings[setting] ?? {};
      if (unseen !== undefined)
        expect(evidence).toContainEqual(
          expect.objectContaining({ kind: 'document', detail: `lab said of ${setting}: it works` }),
        );
      else expect(proved(proof?.step === undefined ? 'connection' : 'document')).toBe(true);
    }
  },
  30_000,
);
