import { startClouds } from './clouds.js';
import { clouds } from './credentials.js';
import { type Estate, openEstate } from './estate.js';
import { environmentFile, walk } from './walk.js';

// Without OneDrive's refresh token: DocuElevate stores newer ones in its database, and the configuration refuses that.
const walked = Object.fromEntries(Object.entries(clouds).filter(([credential]) => credential !== 'onedrive-token'));

let estate: Estate;
beforeAll(async () => {
  estate = await openEstate(walked, await startClouds(), environmentFile);
}, 60_000);
afterAll(() => estate.stop());

for (const [credential, settings] of Object.entries(walked)) walk(settings, () => estate.at(credential));
