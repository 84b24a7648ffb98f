import { openAutomatic } from './automatic.js';
import { automatic } from './credentials.js';
import type { Estate } from './estate.js';
import { settingsApi, walk } from './walk.js';

// Values that Keyturn rotates without a person.
let estate: Estate;
beforeAll(async () => {
  estate = await openAutomatic(settingsApi);
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(automatic)) walk(settings, () => estate.at(credential));
