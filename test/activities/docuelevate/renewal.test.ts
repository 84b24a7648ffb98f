import { createPeer, words } from '../../../src/lab/docuelevate/peers.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;
let version: VersionRef;

/** DocuElevate stores each newer refresh token of OneDrive by itself: with its own test every five minutes, and with every test of ours. */
const renew = async (): Promise<unknown> =>
  fetch(`${fixture.lab.url}/api/onedrive/test-token`, {
    headers: { authorization: `Bearer ${fixture.lab.apiToken}` },
  });

beforeEach(async () => {
  bench = await startBench();
  const oneDrive = createPeer({ accepts: { client_secret: 'a', refresh_token: 'ours' }, says: words.oauth });
  fixture = await startDocuElevateFixture(bench, {
    environment: { onedrive_client_id: 'id', onedrive_client_secret: 'a', onedrive_refresh_token: 'ours' },
    peers: { 'graph.microsoft.com': oneDrive },
  });
  fixture.engine.settings = { onedrive_refresh_token: 'value' };
  version = (await bench.rotate()).next;
  await fixture.install(version, { value: 'ours' });
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const setting = 'onedrive_refresh_token';

it('stands for our token: the settings are still ours, and a document proves it', async () => {
  await renew();
  const { docuelevate, lab } = fixture;

  const ours = await bench.attempt(() => docuelevate.settingsAreOurs(version));
  const document = await bench.attempt(() => docuelevate.provesByStep({ version, setting }));

  expect(lab.setting(setting)).not.toBe('ours');
  expect([ours.outcome, document.outcome]).toEqual(['proved', 'proved']);
});

it('is never overwritten with the older token', async () => {
  await renew();
  const newer = fixture.lab.setting(setting);

  await bench.attempt(() => fixture.docuelevate.provesByStep({ version, setting }));

  expect(fixture.lab.setting(setting)).toBe(newer);
});

it('does not hide that a person has changed the token before', async () => {
  fixture.lab.editSetting(setting, 'ours', 'somebody');
  await renew();

  const ours = await bench.attempt(() => fixture.docuelevate.settingsAreOurs(version));

  expect(ours).toMatchObject({ outcome: 'failed' });
  expect(ours.detail).toContain('by somebody');
});
