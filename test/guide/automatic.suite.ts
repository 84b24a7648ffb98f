import { openAutomatic } from './automatic.js';
import { automatic } from './credentials.js';
import type { Estate } from './estate.js';
import { walk } from './walk.js';

// Values that Keyturn rotates without a person.
let estate: Estate;
beforeAll(async () => {
  estate = await openAutomatic();
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(automatic)) walk(settings, () => estate.at(credential));
