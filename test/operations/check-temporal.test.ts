import { openToOthers } from '../../src/operations/setup/check-temporal.js';

const target = (address: string, embedded = false) => ({
  ...{ address, embedded, namespace: 'default', connectionOptions: { address } },
});

it.each([
  ['temporal.example.com:7233', false],
  ['10.0.0.7:7233', false],
])('warns of %s, which is reached without TLS', async (address, embedded) => {
  expect(await openToOthers(target(address, embedded))).toContain('without TLS');
});

it.each([
  ['127.0.0.1:7233', false],
  ['localhost:7233', false],
  ['[::1]:7233', false],
  ['10.0.0.7:7233', true],
])('says nothing of %s', async (address, embedded) => {
  expect(await openToOthers(target(address, embedded))).toBeNull();
});
