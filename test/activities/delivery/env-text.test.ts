import { parseEnv } from 'node:util';
import { quoted, rawIn, variablesIn, withRaw } from '../../../activities/delivery/env-text.js';

it.each(['plain', 'with space', 'a#b', '$HOME', '`date`', 'back\\slash', '"double"', 'a=b', '-_.~'])(
  'writes %j so that it is read as it was',
  (value) => {
    expect(parseEnv(withRaw('A=1\n', 'KEY', quoted(value)))['KEY']).toBe(value);
  },
);

it('writes several lines as one', () => {
  const raw = quoted('one\ntwo\n');

  expect(raw).toBe('"one\\ntwo\\n"');
  expect(parseEnv(`KEY=${raw}`)['KEY']).toBe('one\ntwo\n');
});

it('changes the last of several, which is the one that counts', () => {
  expect(withRaw('KEY=1\nKEY=2\n', 'KEY', '3')).toBe('KEY=1\nKEY=3\n');
});

it('finds a value of several lines as a whole', () => {
  const text = "KEY='one\ntwo'\nB=2\n";

  expect(rawIn(text, 'KEY')).toBe("'one\ntwo'");
  expect(withRaw(text, 'KEY', '3')).toBe('KEY=3\nB=2\n');
  expect(withRaw(text, 'KEY', null)).toBe('B=2\n');
});

it('does not take a comment or a longer name for the variable', () => {
  expect(rawIn('# KEY=1\nMY_KEY=2\nKEYS=3\n', 'KEY')).toBeNull();
});

it('reads the first variable behind a byte order mark', () => {
  expect(variablesIn('\uFEFFKEY=1\r\nB=2')).toEqual({ KEY: '1', B: '2' });
});
