import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { fingerprintOf, kindOf, newKeyPair, readKey } from '../../../activities/sftp/key-pair.js';
import { randomValue } from '../bench.js';

it('makes only keys whose halves fit, although the library cuts off the zeros that one begins with', () => {
  let cut = 0;
  while (cut === 0) {
    const made = ssh2.utils.parseKey(ssh2.utils.generateKeyPairSync('ed25519').private);
    if (made instanceof Error || made.getPublicSSH().length !== 51) cut++;
  }

  for (let count = 0; count < 600; count++) {
    const { privateKey, publicKey } = newKeyPair();
    expect(Buffer.from(publicKey, 'base64')).toHaveLength(51);
    expect(readKey(privateKey).getPublicSSH().toString('base64')).toBe(publicKey);
  }
});

it('writes what OpenSSH reads, with a passphrase and without', () => {
  const passphrase = randomValue();
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-key-'));
  try {
    for (const given of [undefined, passphrase]) {
      const { privateKey, publicKey } = newKeyPair(given);
      expect(readKey(privateKey, given).getPublicSSH().toString('base64')).toBe(publicKey);
      expect(kindOf(publicKey)).toBe('ssh-ed25519');
      if (!existsSync('/usr/bin/ssh-keygen')) continue;
      const file = join(folder, given ? 'sealed' : 'plain');
      writeFileSync(file, `${privateKey}\n`, { mode: 0o600 });
      const shown = execFileSync('/usr/bin/ssh-keygen', ['-y', '-P', given ?? '', '-f', file]).toString();
      expect(shown.split(' ')[1]).toBe(publicKey);
      const listed = execFileSync('/usr/bin/ssh-keygen', ['-l', '-f', file]).toString();
      expect(listed.split(' ')[1]).toBe(fingerprintOf(publicKey));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('tells a missing passphrase from a wrong one', () => {
  const { privateKey } = newKeyPair(randomValue());

  expect(() => readKey(privateKey)).toThrow('is encrypted: configure its passphrase');
  expect(() => readKey(privateKey, randomValue())).toThrow('another passphrase');
});

it("does not take Node's own kind of file, which no SFTP library of this kind reads, for a key that is refused", () => {
  const { privateKey } = generateKeyPairSync('ed25519');

  expect(() => readKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow('not PKCS#8');
});
