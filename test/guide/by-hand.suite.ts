import { others } from './credentials.js';
import { type Estate, openEstate } from './estate.js';
import { startOthers } from './others.js';
import { expectShown, rotate, settingsApi } from './walk.js';

// Settings that the guide has no section for rotate by hand too: each by its own proof, and one value that feeds three of them.
let estate: Estate;
beforeAll(async () => {
  estate = await openEstate(others, await startOthers(), settingsApi);
}, 60_000);
afterAll(() => estate.stop());

it.each(Object.entries(others))(
  'rotates %s by hand, and proves it in the way of its settings',
  async (credential, settings) => {
    const place = estate.at(credential);
    const old = place.holds();

    const handle = await rotate(place);

    expect(await handle.result()).toMatchObject({
      outcome: 'retired',
      version: 2,
      oldCredential: 'attested',
      orphans: [],
    });
    expect(await place.working()).toEqual([place.holds()]);
    expect(await place.working()).not.toContain(old);
    await expectShown(place, settings, 2);
  },
  30_000,
);
