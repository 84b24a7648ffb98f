import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { openStore } from '../../src/store/open-store.js';
import {
  adopted,
  type Bench,
  claims,
  openai,
  writer,
  randomValue,
  request,
  startBench,
  containing,
} from './fixtures.js';

describe('A stored value', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it.each([
    ['the provider id', `update versions set provider_id = 'service_account/victim' where number = 2`],
    ['the account of the credential', `update credentials set account = 'elsewhere'`],
    ['the number', `update versions set number = 9 where number = 2`],
    [
      'the ciphertext',
      `update versions set sealed = replace(sealed, '"ciphertext":"', '"ciphertext":"AAAA') where number = 2`,
    ],
    [
      'the key id',
      `update versions set sealed = replace(sealed, '"protected":"ey', '"protected":"eyA') where number = 2`,
    ],
    ['everything', `update versions set sealed = 'nothing' where number = 2`],
  ])('does not open after %s was edited, nor is its row believed', async (_, sql) => {
    const value = randomValue();
    await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.candidate({ key: value });
    bench.edit(sql);
    const ref = (await bench.store.versions())[1]!;

    for (const call of ['unseal', 'read'] as const) {
      const error: unknown = await bench.store[call](ref).catch((error: unknown) => error);
      expect(error).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
      expect(error).toMatchObject({
        message: containing(`Version ${ref.number} of openai cannot be unsealed`),
      });
      expect(inspect(error, { depth: 10 })).not.toContain(value);
    }
  });

  it.each(['with a value', 'without one'])('vouches for the provider id of its row, %s', async (kind) => {
    const { next } = await bench.store.open(openai, claims, request, writer);
    const parts = { key: randomValue() };
    if (kind === 'with a value')
      await bench.store.keep(next, await bench.store.intend(next), { providerId: 'ours', parts });
    else await bench.store.note(next, { providerId: 'ours' });
    expect(await bench.store.read(next)).toMatchObject({ providerId: 'ours' });

    bench.edit(`update versions set provider_id = 'victim'`);
    await expect(bench.store.read(next)).rejects.toThrow('Version 1 of openai cannot be unsealed');
    bench.edit('update versions set sealed = null, kid = null, fingerprint = null');
    await expect(bench.store.read(next)).rejects.toThrow('Version 1 of openai cannot be unsealed');
  });

  it('does not open in the row of another version or credential', async () => {
    const one = await bench.store.adopt(adopted({ key: randomValue() }));
    const two = await bench.candidate();
    const other = await bench.store.adopt(
      adopted({ key: randomValue() }, { credential: { ...openai, name: 'second' }, claims: [] }),
    );
    const swap = `update versions set sealed = (select sealed from versions v where v.credential = ? and v.number = ?) where credential = ? and number = ?`;

    bench.edit(swap, 'openai', 1, 'openai', 2);
    bench.edit(swap, 'openai', 1, 'second', 1);

    await bench.store.unseal(one);
    await expect(bench.store.unseal(two)).rejects.toThrow('Version 2 of openai cannot be unsealed');
    await expect(bench.store.unseal(other)).rejects.toThrow('Version 1 of second cannot be unsealed');
  });

  it('does not open in the database of another installation, even with the same keys', async () => {
    const parts = { key: randomValue() };
    const ref = await bench.store.adopt(adopted(parts));
    const file = join(bench.folder, 'other.db');
    const ring = { ...bench.ring, installation: randomUUID() };
    const other = await openStore({ url: `sqlite:${file}`, ring, create: true });
    await other.adopt(adopted(parts));
    expect(await other.unseal(ref)).toEqual(parts);

    using database = new DatabaseSync(file);
    database.exec(`attach '${bench.file}' as bench`);
    database.exec('update versions set sealed = (select sealed from bench.versions)');

    await expect(other.unseal(ref)).rejects.toThrow('Version 1 of openai cannot be unsealed');
    await other.destroy();
  });

  it('cannot be given to a version that has none', async () => {
    await bench.store.open(openai, claims, request, writer);
    const ref = { credential: 'openai', number: 1 };

    await expect(bench.store.unseal(ref)).rejects.toMatchObject({
      type: 'NotFound',
      message: 'Version 1 of openai has no value',
    });
    expect(await bench.store.read(ref)).toMatchObject({ parts: [], fingerprint: null });
  });

  it('is found by any of its parts', async () => {
    const shared = randomValue();
    const pair = { id: randomValue(), secret: shared };
    await bench.store.adopt(adopted(pair));
    await bench.candidate({ id: randomValue(), secret: shared });

    const numbers = async (value: string) => (await bench.store.identify(value)).map(({ number }) => number);

    expect(await numbers(pair.id)).toEqual([1]);
    expect(await numbers(shared)).toEqual([1, 2]);
    expect(await numbers(randomValue())).toEqual([]);
    expect(await numbers('')).toEqual([]);
  });

  it('has a fingerprint of all its parts that means nothing elsewhere', async () => {
    const other = await startBench();
    const parts = { id: randomValue(), secret: randomValue() };

    const one = await bench.store.read(await bench.store.adopt(adopted(parts)));
    const two = await bench.store.read(await bench.candidate({ ...parts, secret: randomValue() }));
    const elsewhere = await other.store.read(await other.store.adopt(adopted(parts)));
    const again = await bench.store.read(
      await bench.store.adopt(
        adopted({ secret: parts.secret, id: parts.id }, { credential: { ...openai, name: 'second' }, claims: [] }),
      ),
    );

    expect(new Set([one, two, elsewhere].map(({ fingerprint }) => fingerprint)).size).toBe(3);
    expect(again.fingerprint).toBe(one.fingerprint);
    await other.close();
  });

  it('is nowhere in the files, in no spelling, after everything was done with it', async () => {
    const values = [randomValue(), randomBytes(600).toString('base64url'), randomValue()] as const;
    const old = await bench.store.adopt(adopted({ key: values[0] }));
    await bench.store.note(old, { providerId: 'service_account/old' });
    const next = await bench.candidate({ privateKey: values[1], passphrase: values[2] });
    await bench.store.note(next, { providerId: 'service_account/new', provider: 'accepted', engine: 'yes' });
    await bench.store.promote(next);
    await bench.store.prove(next, { kind: 'accepted', outcome: 'proved', detail: 'answered 200' });
    for (const value of values) await bench.store.identify(value);
    await bench.store.move({ ...old, fence: 1 }, 'retired', 'proved');
    await bench.store.close(next, 'retired', null);
    expect(Object.values(await bench.store.unseal(next)).sort()).toEqual([values[1], values[2]].sort());

    const look = () =>
      ['', '-wal', '-shm']
        .map((suffix) => bench.file + suffix)
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file));
    const open = look();
    await bench.store.destroy();
    const files = [...open, ...look()];

    expect(open).toHaveLength(3);
    for (const bytes of files) {
      for (const value of values) for (const spelling of spellings(value)) expect(bytes.includes(spelling)).toBe(false);
    }
    expect(Buffer.concat(files).includes('service_account/new')).toBe(true); // the search does find what is there
  });
});

function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    bytes.toString('hex'),
    bytes.toString('base64').slice(0, -4),
    bytes.toString('base64url').slice(0, -4),
  ];
}
