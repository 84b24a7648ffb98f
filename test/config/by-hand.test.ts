import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waysOf } from '../../activities/by-hand/guide.js';
import { credentialSettings, recommendationFor } from '../../activities/docuelevate/credential-settings.js';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { rotationPolicyOf, taskPolicyOf } from '../../src/config/policy.js';
import { schedulePlanOf } from '../../src/config/schedule-plan.js';
import { descriptorOf } from '../../workers/descriptor.js';
import { catalog } from '../../workflows/catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-by-hand-'));
afterAll(() => rmSync(folder, { recursive: true }));

const provider = { name: 'The mail host', account: 'scans@example.com', overlap: 'both-valid' };
type Entry = Readonly<Record<string, unknown>>;

function load(settings: unknown, changes: Entry = {}) {
  const entry = { procedure: 'by-hand', engine: 'docs', provider, settings, ...changes };
  const engine = { kind: 'docuelevate', url: 'https://docs.example.com' };
  const admin = { username: 'keyturn', password: { env: 'ADMIN' } };
  const file = join(folder, 'keyturn.yaml');
  const all = { store: 'sqlite:./keyturn.db', engines: { docs: { ...engine, admin } }, credentials: { mail: entry } };
  writeFileSync(file, JSON.stringify(all));
  return loadConfig(file, catalog);
}

function complaintOf(settings: unknown, changes?: Entry): string {
  try {
    load(settings, changes);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

function policyOf(settings: unknown, changes?: Entry) {
  const config = load(settings, changes);
  return rotationPolicyOf(config, 'mail', descriptorOf(config, 'mail')).byHand;
}

const all = Object.entries(credentialSettings);

it.each(all.filter(([, { kind }]) => kind === 'value').map(([key]) => key))(
  'takes %s, and has a proof of its own for it',
  (key) => {
    const overlap = waysOf(key).overlap ?? 'both-valid';
    const { byStep = [], byTest = [], byWord = [] } = policyOf([key], { provider: { ...provider, overlap } }) ?? {};

    expect([...byStep, ...byTest, ...byWord]).toEqual([key]);
  },
);

it('refuses settings that only the environment has, and settings that nothing reads', () => {
  for (const [key, { kind }] of all) {
    const why =
      key === 'session_secret'
        ? 'needs a handover between two keys'
        : `${key} counts only in DocuElevate's environment`;
    if (kind === 'environment') expect(complaintOf([key])).toContain(why);
    if (kind === 'unread') expect(complaintOf([key])).toContain(`no code of DocuElevate reads ${key}`);
  }
});

it('takes a setting that is part of another only together with that one', () => {
  const pair = { aws_access_key_id: 'id', aws_secret_access_key: 'secret' };

  expect(policyOf(pair)).toMatchObject({ byStep: ['aws_access_key_id'], byTest: [], byWord: [] });
  expect(complaintOf(['aws_access_key_id'])).toContain('changes together with aws_secret_access_key: name both');
});

it('knows a value that feeds several settings, with the proof of each', () => {
  expect(policyOf(['email_password', 'dest_email_password', 'imap1_password'])).toEqual({
    ...{ overlap: 'both-valid', byStep: ['dest_email_password'] },
    ...{ byTest: ['email_password', 'imap1_password'], byWord: [] },
  });
});

it('takes one value at a time where DocuElevate itself checks the value, and a way back', () => {
  const single = { provider: { ...provider, overlap: 'single' } };

  expect(policyOf(['admin_password'], single)).toMatchObject({ endsByWrite: true });
  expect(complaintOf(['admin_password'])).toContain('DocuElevate itself checks admin_password, and has one at a time');
  expect(policyOf(['webdav_password'], single)).not.toHaveProperty('endsByWrite');
});

it('says which setting is meant when there is no such one', () => {
  expect(complaintOf(['imap_password'])).toMatch(
    /DocuElevate has no credential setting "imap_password"; did you mean "imap\d_password"/,
  );
});

it('has the settings of its entry, and the step of the first that has one', () => {
  const config = load(['nextcloud_password', 'webdav_password']);

  expect(descriptorOf(config, 'mail')).toMatchObject({
    settings: { nextcloud_password: 'value', webdav_password: 'value' },
    use: { step: 'upload_to_nextcloud' },
  });
});

it('knows who does tasks, and by when', () => {
  const config = load(['imap1_password'], {
    owner: 'platform',
    tasks: { assignee: 'maria', due: '2 days', escalate: { to: 'lead', after: '12 hours' } },
  });

  expect(taskPolicyOf(config, 'mail')).toEqual({
    ...{ owner: 'platform', assignee: 'maria', dueMs: 172_800_000, remindMs: 86_400_000, giveUpMs: 1_209_600_000 },
    ...{ urgentMs: 900_000, escalation: { to: 'lead', afterMs: 43_200_000 } },
  });
});

it('announces the gap where one value works at a time', () => {
  const config = load(['webdav_password'], { provider: { ...provider, overlap: 'single', newValue: 'generated' } });

  expect(descriptorOf(config, 'mail')).toMatchObject({
    overlap: 'single',
    gap: expect.stringContaining('webdav_password holds a dead one') as string,
  });
  const admin = load(['admin_password'], { provider: { ...provider, overlap: 'single' } });
  expect(descriptorOf(admin, 'mail').gap).toBe(
    'DocuElevate itself checks admin_password: the new value ends the old one as soon as Keyturn has written it',
  );
  expect(rotationPolicyOf(config, 'mail', descriptorOf(config, 'mail')).byHand).toMatchObject({ generates: true });
});

describe('The interval', () => {
  const window = { days: ['tue'], hours: '9-16', timezone: 'UTC' };
  const token = ['dropbox_refresh_token'];

  it.each([
    [['imap1_password'], '90 days', 'on personnel change'],
    [['sharepoint_client_secret'], '180 days', undefined],
    [['sharepoint_client_secret', 'imap1_password'], '90 days', 'on personnel change'],
    [['sharepoint_client_secret', 'sharepoint_refresh_token'], '180 days', 'on revocation or re-authorization'],
    [token, null, 'on revocation or re-authorization'],
  ])('of %j is the shortest that the guide names for them: %s', (settings, every, occasion) => {
    const config = load(settings);
    const descriptor = descriptorOf(config, 'mail');

    expect([descriptor.every, descriptor.occasion]).toEqual([every, occasion]);
    expect(schedulePlanOf(config, 'mail', descriptor)?.basis).toBe(every === null ? undefined : `every ${every}`);
  });

  it('may be one of the operator, with a reason, where the guide names none', () => {
    const own = { every: '30 days', reason: 'our customer asks for it' };
    const config = load(token, { schedule: { ...own, window } });

    expect(schedulePlanOf(config, 'mail', descriptorOf(config, 'mail'))?.basis).toBe('every 30 days');
    expect(complaintOf(token, { schedule: { every: '30 days' } })).toContain(
      'the rotation guide recommends a rotation on revocation or re-authorization; add "reason:"',
    );
  });

  it('is asked for where a window would wait for nothing', () => {
    expect(complaintOf(token, { schedule: { window } })).toContain(
      'credentials.mail.schedule: the rotation guide names no interval for it, only "on revocation or re-authorization": add "every:" and "reason:", or leave "schedule:" out',
    );
  });

  it.each(catalog.filter(({ engine, anySetting }) => engine === 'docuelevate' && !anySetting))(
    'and the section of $id are those of its settings',
    ({ every, section, settings }) => {
      const keys = Object.keys(settings);

      expect(recommendationFor(keys)).toMatchObject({ every });
      expect(keys.flatMap((key) => credentialSettings[key]?.section ?? [])).toEqual([section]);
    },
  );
});
