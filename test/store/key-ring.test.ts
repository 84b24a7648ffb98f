import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { UserError } from '../../src/domain/user-error.js';
import { createKeyRing, loadKeyRing } from '../../src/store/key-ring.js';
import { containing } from './fixtures.js';

describe('The key ring', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-ring-'));
    file = join(folder, 'ring.json');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is readable by its owner alone', async () => {
    await createKeyRing(file);

    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is the same when it is loaded from its file and from its text', async () => {
    const made = await createKeyRing(file);

    const fromFile = await loadKeyRing({ file });
    const fromText = await loadKeyRing({ text: readFileSync(file, 'utf8') });

    for (const loaded of [fromFile, fromText]) {
      expect(loaded.installation).toBe(made.installation);
      expect(loaded.active).toBe(made.active);
      expect(loaded.fingerprint.equals(made.fingerprint)).toBe(true);
      expect(loaded.ledger.equals(made.ledger)).toBe(true);
      expect(loaded.sealing.get(made.active)?.equals(made.sealing.get(made.active)!)).toBe(true);
    }
  });

  it('has another key for each purpose, and other keys in each installation', async () => {
    const one = await createKeyRing(file);
    const two = await createKeyRing(join(folder, 'other.json'));

    const keys = [one, two].flatMap((ring) => [ring.fingerprint, ring.ledger, ...ring.sealing.values()]);
    expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(6);
    expect(one.installation).not.toBe(two.installation);
  });

  it('is never overwritten', async () => {
    await createKeyRing(file);
    const before = readFileSync(file, 'utf8');

    await expect(createKeyRing(file)).rejects.toThrow('already exists');

    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it.each([0o640, 0o604, 0o660])('is refused when others can read its file (mode %o)', async (mode) => {
    await createKeyRing(file);
    chmodSync(file, mode);

    const loading = loadKeyRing({ file });

    await expect(loading).rejects.toThrow('can be read by other users');
    await expect(loading).rejects.toBeInstanceOf(UserError);
    await expect(loading).rejects.toMatchObject({ next: containing('chmod 600') });
  });

  it('is asked for when it is missing', async () => {
    await expect(loadKeyRing({ file })).rejects.toMatchObject({
      message: `There is no key ring at ${file}.`,
      state: 'Nothing was changed.',
      next: containing('keyturn init'),
    });
  });

  it('cannot be made where there is no folder', async () => {
    await expect(createKeyRing(join(folder, 'none', 'ring.json'))).rejects.toThrow('could not be written (ENOENT)');
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -20)],
    ['without its active key', (text: string) => text.replace(/"active":"[^"]+"/, '"active":"gone"')],
    ['with a short key', (text: string) => text.replace(/"ledger":"[^"]{8}/, '"ledger":"')],
    ['with something unknown in it', (text: string) => text.replace('{', '{"more":1,')],
  ])('is refused when it is %s, without a word of its content', async (_, damage) => {
    await createKeyRing(file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, damage(text.trim()));

    const error = await loadKeyRing({ file }).catch((error: unknown) => error);

    expect(error).toBeInstanceOf(UserError);
    for (const key of secretsOf(text)) expect(inspect(error, { depth: 10 })).not.toContain(key.slice(10, 30));
  });

  it('does not print its keys', async () => {
    const ring = await createKeyRing(file);

    const printed = inspect(ring, { depth: 10, showHidden: true }) + JSON.stringify(ring);

    for (const key of secretsOf(readFileSync(file, 'utf8'))) expect(printed).not.toContain(key);
  });
});

function secretsOf(text: string): string[] {
  const keys = text.match(/[\w-]{43}/g) ?? [];
  expect(keys).toHaveLength(3);
  return keys;
}
