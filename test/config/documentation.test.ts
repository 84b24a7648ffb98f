import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tables, withTables } from '../../src/config/documentation.js';
import { catalog } from '../../workflows/catalog.js';

const documents = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))];
const known = tables(catalog);

it.each(documents)('%s has the tables that the code says; if not, run: npm run generate', (document) => {
  const text = readFileSync(document, 'utf8');

  expect(withTables(text, known)).toBe(text);
});

it('has every table in some document', () => {
  const texts = documents.map((document) => readFileSync(document, 'utf8')).join('\n');

  const missing = Object.keys(known).filter((name) => !texts.includes(`<!-- generated: ${name} -->\n|`));

  expect(missing).toEqual(['provider document-engine']); // it has no fields
});

it('renews what stands between the markers, and nothing else', () => {
  const text =
    'Before\n\n<!-- generated: fruit -->\nold\n<!-- end -->\n\nBetween\n\n<!-- generated: fruit -->\n<!-- end -->\n';

  expect(withTables(text, { fruit: '| apple |' })).toBe(
    'Before\n\n<!-- generated: fruit -->\n| apple |\n<!-- end -->\n\nBetween\n\n<!-- generated: fruit -->\n| apple |\n<!-- end -->\n',
  );
  expect(() => withTables(text, {})).toThrow('"fruit"');
});

it('says of each procedure how the end of the old value shows, as its descriptor does', () => {
  const [, , ...rows] = known['credentials']?.split('\n') ?? [];

  const observable = rows.filter((row) => row.endsWith('| proved: it is refused |')).map((row) => row.split('`')[1]);

  expect(rows).toHaveLength(catalog.length);
  expect(observable).toEqual(
    catalog.filter(({ refusal, anySetting }) => refusal === undefined && !anySetting).map(({ id }) => id),
  );
});
