import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RotationReport } from '../../src/domain/rotation.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { createPeer } from '../../src/lab/docuelevate/peers.js';
import { type Estate, openEstate } from './estate.js';
import type { Site } from './site.js';
import { emergencyOf, environmentFile, expectShown, rotate } from './walk.js';

// What DocuElevate has in its environment alone: the addresses of its database, of Redis and of its queue, each with a login in it.
const settings = {
  database: ['database_url'],
  redis: ['redis_url'],
  queue: ['celery_broker_url', 'celery_result_backend'],
} as const;
const scheme = { database: 'postgresql', redis: 'redis', queue: 'redis' } as const;

/** Somebody makes a mistake, and the next login that they create does not work. */
let mistaken = false;

/** A server with any number of logins. DocuElevate reaches it by the name of its own system. */
function siteOf(name: keyof typeof settings): Site {
  let logins = 0;
  const issue = (): string => `${scheme[name]}://docs${++logins}:of-the-lab-${logins}@${name}:1/docs`;
  const first = issue();
  const live = [first];
  const peer = createPeer({ accepts: { url: live }, says: () => 'password authentication failed' });
  return {
    ...{ first, issue, accepts: (value) => live.includes(value) },
    set(value) {
      if (!mistaken) live.push(value);
    },
    end: (value) => void live.splice(live.indexOf(value), live.includes(value) ? 1 : 0),
    options: { peers: { [name === 'queue' ? 'broker' : name]: peer } },
    provider: { name: `The ${name}` },
    meet: (lab) => (docuelevate = lab),
  };
}

let docuelevate: DocuElevateLab;
let estate: Estate;

async function start(byPerson: boolean): Promise<void> {
  const sites = { database: siteOf('database'), redis: siteOf('redis'), queue: siteOf('queue') };
  estate = await openEstate(settings, sites, { ...environmentFile, ...(byPerson && { byPerson: true }) });
}

const envFile = (): string => docuelevate.compose?.envFile ?? '';
const rows = (credential: keyof typeof settings) =>
  settings[credential].filter((key) => docuelevate.writes().some((write) => write.key === key));

describe.each([
  ['a command restarts DocuElevate', false],
  ['a person restarts DocuElevate', true],
])('where %s', (_, byPerson) => {
  beforeAll(() => start(byPerson), 60_000);
  afterAll(() => estate.stop());

  it.each(Object.keys(settings) as (keyof typeof settings)[])(
    'rotates the address of the %s, and shows that it is used',
    async (credential) => {
      const place = estate.at(credential);
      const old = place.holds();

      const report = (await (await rotate(place)).result()) as RotationReport;

      expect(report).toMatchObject({ outcome: 'retired', version: 2, oldCredential: 'attested', orphans: [] });
      expect(place.holds()).not.toBe(old);
      expect(await place.working()).toEqual([place.holds()]);
      expect(rows(credential)).toEqual([]);
      expect(readFileSync(envFile(), 'utf8')).toContain(place.holds());
      expect(readdirSync(dirname(envFile()))).toEqual(['.env']);
      await expectShown(place, settings[credential], 2);
    },
    60_000,
  );

  it('rolls back an address that lets nobody in, and DocuElevate works as before', async () => {
    const place = estate.at('redis');
    const [old, file] = [place.holds(), readFileSync(envFile(), 'utf8')];
    mistaken = true;

    const report = (await (await rotate(place)).result()) as RotationReport;

    mistaken = false;
    expect(report).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(report).toMatchObject({ why: expect.stringContaining('redis: not ok') as string });
    expect([place.holds(), readFileSync(envFile(), 'utf8')]).toEqual([old, file]);
    expect(await place.working()).toEqual([old]);
  }, 60_000);

  it('puts a new address in the place of one that leaked', async () => {
    const place = estate.at('database');
    const leaked = place.holds();

    const { state } = await emergencyOf(place);

    expect(state.outcome).toBe('replaced');
    expect(place.holds()).not.toBe(leaked);
    expect(await place.working()).toEqual([place.holds()]);
    expect(readFileSync(envFile(), 'utf8')).not.toContain(leaked);
    expect(readdirSync(dirname(envFile()))).toEqual(['.env']);
  }, 60_000);
});
