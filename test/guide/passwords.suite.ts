import { passwords } from './credentials.js';
import { type Estate, openEstate } from './estate.js';
import { startPasswords } from './passwords.js';
import { settingsApi, walk } from './walk.js';

// Servers that a person goes to: mail, files, authentik, and DocuElevate's own administrator.
let estate: Estate;
beforeAll(async () => {
  estate = await openEstate(passwords, await startPasswords(), settingsApi);
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(passwords)) walk(settings, () => estate.at(credential));
