import { readFileSync } from 'node:fs';
import { guideSections } from '../../activities/docuelevate/credential-settings.js';
import { guideRows } from '../../src/config/guide.js';
import { catalog } from '../../workflows/catalog.js';
import { automatic, clouds, passwords } from './credentials.js';
import { rowOf } from './rows.js';

const rows = guideRows(catalog);
const page = readFileSync('docs/guide.md', 'utf8');
const walked = [automatic, clouds, passwords].flatMap((each) => Object.values<readonly string[]>(each));
const key = (settings: readonly string[]): string => settings.join();

it('has all 16 headings of the per-credential procedures, in the order of the guide', () => {
  const printed = page.split('\n').flatMap((line) => /^\| ([^|]+?) \| `/.exec(line)?.[1] ?? []);
  const sections = [...new Set(printed)].filter((section) => guideSections.some((each) => each === section));

  expect(guideSections).toHaveLength(16);
  expect(new Set(guideSections).size).toBe(16);
  expect(sections).toEqual([...guideSections]);
});

it.each([
  'Method 1',
  'Method 2',
  'Bulk Credential Audit',
  'Onboarding',
  'Offboarding',
  'Emergency Credential Revocation',
])('says what becomes of the chapter %s', (chapter) => {
  expect(page).toMatch(new RegExp(`^\\| ${chapter}`, 'm'));
});

it('is walked row by row: what something rotates, and nothing twice', () => {
  const rotated = rows.filter(({ by }) => by !== null).map(({ settings }) => key(settings));

  expect(walked.map(key).sort()).toEqual(rotated.sort());
});

it('walks what needs no person apart from what needs one', () => {
  const needsPerson = (settings: readonly string[]): boolean => rowOf(settings).by.needsPerson;

  expect(Object.values(automatic).filter(needsPerson)).toEqual([]);
  expect([...Object.values(clouds), ...Object.values(passwords)].every(needsPerson)).toBe(true);
});

it('says of SESSION_SECRET that nothing rotates it yet', () => {
  const without = rows.filter(({ by }) => by === null).map(({ section }) => section);

  expect(without).toEqual(['SESSION_SECRET']);
  expect(page).toContain(
    '| SESSION_SECRET | `session_secret_previous`, `session_secret` | not yet: it needs a handover between two keys |',
  );
});

it('has the intervals of the guide', () => {
  const intervals = [...page.matchAll(/^\| ([^|]+?) \| ((?:every|on) [^|]+?) \|/gm)].map(([, row, when]) => [
    row,
    when,
  ]);

  expect(intervals).toEqual([
    ['API keys', 'every 90 days'],
    ['OAuth client secrets', 'every 180 days'],
    ['OAuth refresh tokens', 'on revocation or re-authorization'],
    ['Passwords', 'every 90 days or on personnel change'],
    ['Admin password', 'every 90 days or on personnel change'],
    ['SESSION_SECRET', 'on suspected compromise'],
    ['no row: private keys', 'every 90 days'],
  ]);
});
