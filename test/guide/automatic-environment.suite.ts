import { openAutomatic } from './automatic.js';
import { automatic } from './credentials.js';
import type { Estate } from './estate.js';
import { environmentFile, walk } from './walk.js';

// Without a person, by the guide's other method: a provider with two slots, and one with any number of values. What every procedure does by it
// is in its plan (test/config/via-environment.test.ts).
const names = ['azure', 'nextcloud'] as const;
let estate: Estate;
beforeAll(async () => {
  estate = await openAutomatic(environmentFile, names);
}, 60_000);
afterAll(() => estate.stop());

for (const name of names) walk(automatic[name], () => estate.at(name));
