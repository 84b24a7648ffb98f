import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { DurationText } from '../../src/fields/fields.js';
import { configJsonSchema } from '../../src/config/json-schema.js';
import { readDuration } from '../../src/domain/duration.js';
import { catalog } from '../../workflows/catalog.js';

it('is the one in keyturn.schema.json; if not, run: node dist/src/generate/write-json-schema.js', () => {
  expect(readFileSync('keyturn.schema.json', 'utf8')).toBe(configJsonSchema(catalog));
});

it('offers every procedure of the catalog', () => {
  for (const { id } of catalog) expect(configJsonSchema(catalog)).toContain(`"const": "${id}"`);
});

it('takes the same durations as Keyturn does', () => {
  const pattern = new RegExp(String(DurationText.in.meta()?.pattern));
  const word = fc.constantFrom(
    '1',
    '90',
    '1.5',
    '-1',
    '.',
    ' ',
    '  ',
    'day',
    'days',
    'hours',
    'weekss',
    'second',
    's',
    'm',
    'min',
    'h',
  );

  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), (words) => {
      expect(pattern.test(words.join(''))).toBe(readDuration(words.join('')) !== null);
    }),
  );
});
