import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SecretRef, type SecretSources, resolveSecret } from '../../src/fields/secret-ref.js';
import { UserError } from '../../src/domain/user-error.js';

let folder: string;
let variables: Record<string, string>;
let versions: Record<string, string>;
const sources: SecretSources = {
  environment: (name) => variables[name],
  credential: async (name, part) => versions[part === undefined ? name : `${name}.${part}`] ?? '',
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-secret-'));
  variables = {};
  versions = {};
});
afterEach(() => rm(folder, { recursive: true }));

async function fileWith(content: string | Buffer): Promise<SecretRef> {
  const file = join(folder, 'secret');
  await writeFile(file, content);
  return { file };
}

const value = randomBytes(12).toString('base64url');

describe('resolveSecret', () => {
  it.each([
    ['nothing after it', value, value],
    ['a newline', `${value}\n`, value],
    ['a newline of Windows', `${value}\r\n`, value],
    ['spaces, which belong to it', ` ${value} \n`, ` ${value} `],
    ['a byte order mark', `\ufeff${value}`, value],
  ])('reads a file with %s', async (_, content, secret) => {
    await expect(resolveSecret(await fileWith(content), sources)).resolves.toBe(secret);
  });

  it('reads the file again at each use', async () => {
    const ref = await fileWith('before');
    await resolveSecret(ref, sources);
    await fileWith('after');

    await expect(resolveSecret(ref, sources)).resolves.toBe('after');
  });

  it('reads the environment', async () => {
    variables.ADMIN_KEY = value;

    await expect(resolveSecret({ env: 'ADMIN_KEY' }, sources)).resolves.toBe(value);
  });

  it("reads another credential's current version, or a part of it", async () => {
    versions = { admin: value, 'pair.secret': 'half' };

    await expect(resolveSecret({ credential: 'admin' }, sources)).resolves.toBe(value);
    await expect(resolveSecret({ credential: 'pair', part: 'secret' }, sources)).resolves.toBe('half');
  });

  it.each([
    ['an empty file', '', 'is empty'],
    ['a file of one newline', '\n', 'is empty'],
    ['a second newline', `${value}\n\n`, 'holds a line break or another control character'],
    ['two lines', `${value}\n${value}`, 'holds a line break or another control character'],
    ['a zero byte', `${value}\0`, 'holds a line break or another control character'],
    ['other bytes than UTF-8', Buffer.from([0x66, 0xff]), 'is not UTF-8 text'],
  ])('refuses %s, naming the file and not the value', async (_, content, why) => {
    const ref = await fileWith(content);

    const error: unknown = await resolveSecret(ref, sources).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(UserError);
    expect(error).toHaveProperty('message', `The file ${join(folder, 'secret')} ${why}`);
    expect(error).not.toHaveProperty('cause');
  });

  it('refuses control characters and nothing at all from everywhere', async () => {
    variables = { BROKEN: 'a\tb', EMPTY: '' };

    await expect(resolveSecret({ env: 'BROKEN' }, sources)).rejects.toThrow('BROKEN holds a line break');
    await expect(resolveSecret({ env: 'EMPTY' }, sources)).rejects.toThrow('variable EMPTY is empty');
    await expect(resolveSecret({ credential: 'none' }, sources)).rejects.toThrow('credential none is empty');
  });

  it('names a place with nothing in it', async () => {
    await expect(resolveSecret({ env: 'NOT_SET' }, sources)).rejects.toThrow(
      'The environment variable NOT_SET is not set',
    );
    await expect(resolveSecret({ file: join(folder, 'none') }, sources)).rejects.toThrow('none does not exist');
    await expect(resolveSecret({ file: folder }, sources)).rejects.toThrow('cannot be read (EISDIR)');
  });
});
