import { testDocument } from '../../../activities/docuelevate/test-document.js';

const occasion = { installation: 'home', credential: 'openai', version: 3, check: 'workflow/run/7', round: 1 };

it('is the same for the same check, and another for any other', () => {
  const others = [{ version: 4 }, { check: 'workflow/run/8' }, { round: 2 }, { installation: 'away' }];
  const document = testDocument(occasion);

  expect(testDocument({ ...occasion })).toEqual(document);
  for (const change of others) {
    const other = testDocument({ ...occasion, ...change });
    expect(other.bytes.equals(document.bytes)).toBe(false);
    expect(other.idempotencyKey).not.toBe(document.idempotencyKey);
  }
});

it('is a PDF whose table leads to every object', () => {
  const text = testDocument(occasion).bytes.toString('latin1');
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  const places = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, place]) => Number(place));

  expect(text.slice(table, table + 5)).toBe('xref\n');
  expect(places.map((place) => text.slice(place, place + 7))).toEqual(places.map((_, index) => `${index + 1} 0 obj`));
  expect(places).toHaveLength(6);
});

it('says as much text as its stream is declared to hold, and a producer the engine trusts', () => {
  const text = testDocument(occasion).bytes.toString('latin1');
  const [, length, stream] = /\/Length (\d+) >>\nstream\n([^]*?)\nendstream/.exec(text) ?? [];

  expect(stream).toHaveLength(Number(length));
  expect(text).toContain('/Producer (LibreOffice)');
});
