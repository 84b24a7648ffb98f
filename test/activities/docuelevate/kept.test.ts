import { createPeer, type SimulatedPeer, words } from '../../../src/lab/docuelevate/peers.js';
import { startWebDavServer, type WebDavServer } from '../../lab/webdav-server.js';
import { type Bench, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let server: WebDavServer;
let ftp: SimulatedPeer;
let fixture: DocuElevateFixture;

beforeEach(async () => {
  bench = await startBench();
  server = await startWebDavServer('docs', 'right');
  ftp = createPeer({ accepts: { username: 'docs', password: 'right' }, says: words.ftp });
  fixture = await startDocuElevateFixture(bench, {
    webdav: { url: `${server.url}/`, username: 'docs', password: 'right' },
    environment: { ftp_host: 'ftp.example.test', ftp_username: 'docs', ftp_password: 'right' },
    peers: { 'ftp.example.test:21': ftp },
  });
  fixture.engine.settings = { webdav_password: 'value' };
  const { next } = await bench.rotate();
  await fixture.install(next, { value: 'right' });
  await bench.attempt(() =>
    fixture.docuelevate.provesByStep({ version: next, setting: 'webdav_password', keep: true }),
  );
});
afterEach(async () => {
  await fixture.stop();
  await server.stop();
  await bench.close();
});

const again = (step: string) =>
  bench.attempt(() => fixture.docuelevate.uploadAgain({ credential: bench.credential, document: 1, step }));

it.each(['upload_to_webdav', 'upload_to_ftp'])('%s shows the value of the worker, and leaves nothing', async (step) => {
  const files = server.names.size;

  expect(await again(step)).toEqual({ step, end: 'success', code: null });
  expect([server.names.size, new Set(ftp.taken).size]).toEqual([files, 1]);
});

it.each([
  ['upload_to_webdav', '401'],
  ['upload_to_ftp', '530'],
])('%s shows a dead value with its code', async (step, code) => {
  server.password = 'another';
  ftp.accepts['password'] = 'another';

  expect(await again(step)).toEqual({ step, end: 'failure', code });
});

it('shows nothing of a password where an FTP server takes it and forbids to overwrite', async () => {
  ftp.refusal = '550 the document: Overwrite permission denied';

  expect(await again('upload_to_ftp')).toBe('unfinished');
});

it.each(['upload_to_email', 'upload_to_dropbox', 'upload_to_nextcloud', 'upload_to_sftp', 'upload_to_sharepoint'])(
  'never repeats %s, which would leave something or cannot be repeated',
  async (step) => {
    expect(await again(step)).toBe('unfit');
    expect(count(fixture.lab, 'POST', '/api/files/1/retry-subtask')).toBe(0);
  },
);
