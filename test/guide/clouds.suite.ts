import { catalog } from '../../workflows/catalog.js';
import { guideRows } from '../../src/config/guide.js';
import { statusOf } from '../../src/operations/rotate/status.js';
import { applySchedules, planSchedules } from '../../src/operations/schedules/schedules.js';
import { startClouds } from './clouds.js';
import { clouds } from './credentials.js';
import { type Estate, openEstate } from './estate.js';
import { settingsApi, walk } from './walk.js';

// Clouds that a person goes to: a client secret, a consent, a service account.
let estate: Estate;
beforeAll(async () => {
  estate = await openEstate(clouds, await startClouds(), settingsApi);
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(clouds)) walk(settings, () => estate.at(credential));

describe('The interval of the guide', () => {
  const token = 'dropbox-token';
  const onOccasion = 'on revocation or re-authorization';

  it('is what each credential is scheduled by, and without one none is', async () => {
    const { session, client } = estate.at(token).rehearsal;
    const rows = guideRows(catalog);
    const expected = Object.entries(clouds).map(([credential, settings]) => {
      const every = rows.find((row) => row.settings.join() === settings.join())?.recommendation.every;
      return { credential, change: every ? 'create' : 'none', basis: every && `every ${every}` };
    });

    const changes = await planSchedules(session, client);

    const planned = changes.map(({ credential, change, schedule }) => ({
      ...{ credential, change, basis: schedule?.basis ?? null },
    }));
    expect(planned).toHaveLength(expected.length);
    expect(planned).toEqual(expect.arrayContaining(expected));
    expect(changes.find(({ credential }) => credential === token)?.why).toBe(
      `the guide names no interval: rotate it ${onOccasion}`,
    );
  });

  it('is told by the status, or the occasion where there is none', async () => {
    const { session, client } = estate.at(token).rehearsal;

    const [[secret], [consent]] = await Promise.all([
      statusOf(session, client, 'dropbox-app'),
      statusOf(session, client, token),
    ]);

    expect(secret).toMatchObject({ occasion: null, dueAt: expect.any(Number) as number });
    expect(consent).toMatchObject({ occasion: onOccasion, dueAt: null, overdue: false, trouble: [] });
  });

  it('deletes a schedule whose own interval left the configuration', async () => {
    const { session, client } = estate.at(token).rehearsal;
    const entry = session.config.credentials[token]!;
    const changeOf = async () =>
      (await applySchedules(session, client, 'test')).find(({ credential }) => credential === token)?.change;

    Object.assign(entry, { schedule: { every: '30 days', reason: 'our customer asks for it' } });
    const made = await changeOf();
    delete entry.schedule;
    const changes = [made, await changeOf(), await changeOf()];

    expect(changes).toEqual(['create', 'delete', 'none']);
  });
});
