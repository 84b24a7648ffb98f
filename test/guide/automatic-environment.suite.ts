import { openAutomatic } from './automatic.js';
import { automatic } from './credentials.js';
import type { Estate } from './estate.js';
import { environmentFile, walk } from './walk.js';

// Without a person, by the guide's other method: a provider with many keys, and one with two.
let estate: Estate;
beforeAll(async () => {
  estate = await openAutomatic(environmentFile, ['azure']);
}, 60_000);
afterAll(() => estate.stop());

for (const credential of ['openai', 'azure'] as const) walk(automatic[credential], () => estate.at(credential));
