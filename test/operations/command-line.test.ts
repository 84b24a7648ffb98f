import { asyncProperty, assert as check, constantFrom, string, tuple } from 'fast-check';
import { requireNoValue } from '../../src/operations/session/command-line.js';
import type { Version } from '../../src/store/records.js';

const version = { credential: 'openai', number: 3, providerId: 'svc_1234567890' } as Version;

/** A store that knows one value and one id. */
const knowing = (value: string) => ({
  identify: async (word: string) => (word === value || word === version.providerId ? [version] : []),
});

it.each(['Zm9vYmFyLWJh-', '_Zm9vYmFyLWJ_', '-_Zm9vYmFyLWJ-_', 'Zm9vYmFyLWI='])(
  'finds a value that begins or ends with a mark: %s',
  async (value) => {
    for (const text of [value, `pasted "${value}", see the ticket`, `(${value})`, `it was ${value}.`, `\`${value}\`!`])
      await expect(requireNoValue(knowing(value), [text])).rejects.toThrow('the value of version 3 of openai');
  },
);

it('finds every value of base64url, whatever stands around it in a sentence', async () => {
  const alphabet = [...'ABCXYZabcxyz019-_'];
  const value = string({ unit: constantFrom(...alphabet), minLength: 8, maxLength: 24 });
  const marks = string({ unit: constantFrom(...'"\'`.,;:!?()[]<>'), maxLength: 3 });
  const found = asyncProperty(tuple(marks, value, marks), async ([before, secret, after]) => {
    const text = `somebody wrote ${before}${secret}${after} here`;
    await expect(requireNoValue(knowing(secret), [text])).rejects.toThrow('version 3');
  });
  await check(found);
});

it('takes an id, a short word and whatever is no value', async () => {
  await expect(
    requireNoValue(knowing('Zm9vYmFyLWJh'), ['the ticket says svc_1234567890, and Zm9v is short', '']),
  ).resolves.toBeUndefined();
});
