import { ApplicationFailure } from '@temporalio/common';
import { OutsideError } from '../../activities/shared/outside-error.js';
import { ConfigError } from '../../src/config/config-error.js';
import { UserError } from '../../src/domain/user-error.js';
import { explain } from '../../src/operations/session/explain.js';
import { NotReachable } from '../../src/operations/session/refusals.js';
import { StoreBusy } from '../../src/store/failures.js';
import { randomValue } from '../store/fixtures.js';

const told = { state: 'Nothing was changed.', next: 'Try again.' };

it('passes on what was written for people', () => {
  expect(explain(new UserError('It is taken', told))).toEqual({ kind: 'failed', what: 'It is taken', ...told });
});

it.each([
  ['usage', new ConfigError('two problems', { next: 'Correct them.' })],
  ['unreachable', new NotReachable('no server', told)],
  ['unreachable', new OutsideError('openai', 'listKeys', { code: 'ECONNREFUSED' })],
  ['unreachable', ApplicationFailure.create({ message: 'try later', type: 'Unavailable' })],
  [
    'unreachable',
    new UserError('not adopted', { ...told, cause: new OutsideError('openai', 'listKeys', { code: 'TIMEOUT' }) }),
  ],
  ['failed', new OutsideError('openai', 'listKeys', { status: 403 })],
  ['failed', new StoreBusy()],
  ['interrupted', Object.assign(new Error('left'), { name: 'ExitPromptError' })],
])('tells that something is %s', (kind, error) => {
  expect(explain(error).kind).toBe(kind);
});

it("names what the machine refused by its code, not in the system's words", () => {
  const secret = randomValue();
  const disk = Object.assign(new Error(secret), { code: 'ENOSPC', syscall: 'write', path: '/data/keyturn.log' });
  const database = Object.assign(new Error(secret), { errcode: 4874 });

  expect(explain(disk).what).toBe('/data/keyturn.log cannot be used (ENOSPC)');
  expect(explain(database).what).toBe('The database cannot be read or written (SQLite 4874)');
});

it('tells nothing of an unexpected error but its kind', () => {
  const secret = randomValue();

  const explanation = explain(new TypeError(`cannot read ${secret}`));

  expect(explanation.what).toBe('Something unexpected happened (TypeError)');
  expect(JSON.stringify(explanation)).not.toContain(secret);
});
