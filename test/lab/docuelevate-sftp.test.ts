import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SftpDestination } from '../../src/lab/docuelevate/environment.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { newLabKey } from '../../src/lab/sftp/keys.js';
import { type SftpLab, startSftpLab } from '../../src/lab/sftp/server.js';

let sftp: SftpLab;
let lab: DocuElevateLab | undefined;
let folder: string;

beforeEach(async () => {
  sftp = await startSftpLab();
  folder = mkdtempSync(join(tmpdir(), 'worker-'));
});
afterEach(async () => {
  await Promise.all([lab?.stop(), sftp.stop()]);
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
async function arrives(how: Partial<SftpDestination>): Promise<boolean> {
  const { port, username, hostKey } = sftp;
  lab = await startDocuElevateLab({ sftp: { port, username, hostKey, ...how } });
  return lab.use('sftp');
}
const home = (): string => file('id_ed25519', sftp.admin.privateKey);

it('a key that is turned away is covered by one that the worker has at home, without a word', async () => {
  const stranger = file('key', newLabKey().privateKey);

  expect(await arrives({ privateKey: stranger, homeKey: home() })).toBe(true);
  expect(sftp.failedLogins()).toBe(1);
});

it('so is a key that cannot be read', async () => {
  expect(await arrives({ privateKey: file('key', 'no key at all'), homeKey: home() })).toBe(true);
  expect(sftp.failedLogins()).toBe(0);
});

it('so is a wrong password, before it is tried', async () => {
  expect(await arrives({ password: 'wrong', homeKey: home() })).toBe(true);
  expect(sftp.failedLogins()).toBe(0);
});

it('a good key needs no other, and without one at home a bad key fails', async () => {
  expect(await arrives({ privateKey: file('key', sftp.key.privateKey), homeKey: home() })).toBe(true);
  expect(sftp.log()).not.toContain('Failed');
  await lab?.stop();
  expect(await arrives({ privateKey: file('bad', newLabKey().privateKey) })).toBe(false);
  await lab?.stop();
  expect(await arrives({ privateKey: file('none', 'no key at all'), homeKey: join(folder, 'not there') })).toBe(false);
});
