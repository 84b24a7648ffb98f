import { CancelledFailure } from '@temporalio/common';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench);
  ({ next } = await bench.rotate());
  await bench.give(next, { key: randomValue() });
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const write = (): Promise<void> => bench.attempt(() => fixture.docuelevate.writeSettings(next));
const look = (signal = new AbortController().signal) =>
  bench.attempt(() => fixture.docuelevate.settingsAreOurs(next), { signal });
const logins = (): number => count(fixture.lab, 'POST', '/auth');

it('opens the login page so that single sign-on does not send it on', async () => {
  await write();

  const opened = fixture.lab.requests.filter(({ path }) => path === '/login');
  expect(opened.map(({ query }) => query)).toEqual(['message=keyturn']);
});

it('logs in once for many activities at a time', async () => {
  await Promise.all(Array.from({ length: 8 }, () => look()));

  expect(logins()).toBe(1);
});

it('logs in once more when the session has ended, in the middle of an activity too', async () => {
  await write();
  fixture.lab.expireSessions();
  await write();
  fixture.lab.faults.add({ method: 'POST', path: '/api/settings/{key}', kind: { status: 403 } });
  await write();

  expect(logins()).toBe(3);
});

it('logs in once when several activities find the session ended', async () => {
  await look();
  fixture.lab.expireSessions();

  await Promise.all(Array.from({ length: 8 }, () => look()));

  expect(logins()).toBe(2);
});

it('takes the new password after the old one was changed', async () => {
  await write();
  fixture.lab.setAdminPassword(randomValue());
  fixture.lab.expireSessions();

  await write();

  expect(logins()).toBe(2);
});

it('gives up at once when the login is refused, and shows no password', async () => {
  fixture.engine.password = randomValue();

  const failure = await failureOf(write());

  expect(failure).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
  expect(failure.message).toContain('DocuElevate refused the admin login');
  expect(JSON.stringify([failure, failure.message, failure.stack])).not.toContain(fixture.engine.password);
  expect(logins()).toBe(1);
});

it('gives up after one new login when the user may not change settings', async () => {
  fixture.lab.faults.add({
    method: 'GET',
    path: '/api/settings/{key}/history',
    times: Infinity,
    kind: { status: 403 },
  });

  expect(await failureOf(write())).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
  expect(logins()).toBe(2);
});

it('does not blame the password when the login page and its session got separated', async () => {
  const body = '<input type="hidden" name="csrf_token" value="of another session">';
  fixture.lab.faults.add({ method: 'GET', path: '/login', kind: { status: 200, body } });

  expect(await failureOf(write())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  await write();
});

it('does not stand still over a long login page that has no token', async () => {
  const body = '<input '.repeat(100_000);
  fixture.lab.faults.add({ method: 'GET', path: '/login', kind: { status: 200, body } });
  const begun = Date.now();

  await failureOf(write());

  expect(Date.now() - begun).toBeLessThan(3000);
});

it('says so when the engine has no login at all', async () => {
  fixture.lab.faults.add({ method: 'GET', path: '/login', kind: { status: 404 } });

  const failure = await failureOf(write());

  expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
  expect(failure.message).toContain('AUTH_ENABLED');
});

it('does not log in again for an answer that was under way when it did', async () => {
  await look();
  fixture.lab.expireSessions();
  fixture.lab.faults.add({ method: 'GET', path: '/api/settings/{key}/history', kind: { slowMs: 150 } });

  const late = look();
  while (count(fixture.lab, 'GET', '/api/settings/openai_api_key/history') < 2) await new Promise(setImmediate);
  await Promise.all([late, look()]);

  expect(logins()).toBe(2);
});

it('lets go of a cancelled activity that waits for a login, and goes on with the login for the others', async () => {
  fixture.lab.faults.add({ method: 'GET', path: '/login', kind: { slowMs: 200 } });
  const cancellation = new AbortController();
  const cancelled = look(cancellation.signal);
  const other = look();
  while (count(fixture.lab, 'GET', '/login') === 0) await new Promise(setImmediate);

  cancellation.abort(new CancelledFailure('CANCELLED'));

  await expect(cancelled).rejects.toBeInstanceOf(CancelledFailure);
  expect(logins()).toBe(0);
  expect(await other).toMatchObject({ kind: 'setting-ours' });
  expect(logins()).toBe(1);
});
