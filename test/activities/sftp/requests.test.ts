import { sftpRequests } from '../../../activities/sftp/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, startBench } from '../bench.js';
import { type SftpFixture, startSftpFixture } from './fixture.js';

let bench: Bench;
let fixture: SftpFixture;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startSftpFixture(bench);
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

/** What one activity asked the server for, besides what was asked before. */
async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = fixture.lab.requests.length;
  await bench.attempt(work);
  return linesOf(fixture.lab.requests.slice(before));
}

const declared = (verb: keyof typeof sftpRequests): RegExp => patternOf(sftpRequests[verb]);

it('declares what activities ask for', async () => {
  const { sftp } = fixture;
  const adopted = await bench.adopt({ privateKey: fixture.lab.key.privateKey.trim() });
  expect(await sentBy(() => sftp.identifyKey(adopted))).toMatch(declared('identifyKey'));
  const { current, next } = await bench.rotate();
  const old: VersionRef = current!;

  expect(await sentBy(() => sftp.generateKeyPair(next))).toMatch(declared('generateKeyPair'));
  expect(await sentBy(() => sftp.authorizeKey(next))).toMatch(declared('authorizeKey'));
  expect(await sentBy(() => sftp.acceptsKey(next))).toMatch(declared('acceptsKey'));
  expect(await sentBy(() => sftp.isOnlyKey(next))).toMatch(declared('isOnlyKey'));
  expect(await sentBy(() => sftp.acceptsKey(old))).toMatch(declared('acceptsKey'));
  expect(await sentBy(() => sftp.placeKeyFile(next))).toMatch(declared('placeKeyFile'));
  await bench.promote(next);
  expect(await sentBy(() => sftp.disableKey(old))).toMatch(declared('disableKey'));
  expect(await sentBy(() => sftp.enableKey(old))).toMatch(declared('enableKey'));
  expect(await sentBy(() => sftp.removeKey(old))).toMatch(declared('removeKey'));
  expect(await sentBy(() => sftp.refusesKey(old))).toMatch(declared('refusesKey'));
  expect(await sentBy(() => sftp.removeKeyFile(old))).toMatch(declared('removeKeyFile'));
  expect(await sentBy(() => sftp.survey(bench.credential))).toMatch(declared('survey'));
  expect(await sentBy(() => sftp.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
  const target = { ...next, fence: next.fence };
  await bench.store.note(target, { compromised: true });
  expect(await sentBy(() => sftp.removeKeys({ version: next, targets: [target] }))).toMatch(declared('removeKeys'));
});
