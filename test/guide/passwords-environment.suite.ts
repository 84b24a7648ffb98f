import { passwords } from './credentials.js';
import { type Estate, openEstate } from './estate.js';
import { startPasswords } from './passwords.js';
import { environmentFile, walk } from './walk.js';

// The same by the guide's other method: the environment file, and a restart of DocuElevate.
let estate: Estate;
beforeAll(async () => {
  estate = await openEstate(passwords, await startPasswords(), environmentFile);
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(passwords)) walk(settings, () => estate.at(credential));
