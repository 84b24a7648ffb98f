import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { type Fixture, startFixture } from './fixture.js';

jest.setTimeout(120_000); // what a killed command has begun counts as under way for 40 seconds

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
  await fixture.adopt('--sole-user');
});
afterAll(() => fixture.stop());

it('is done by the next --direct when the first one was killed half way', async () => {
  const { scenario } = fixture;
  const [leaked, openai] = [scenario.engineHolds(), scenario.systems['openai'] as OpenAiLab];
  openai.faults.add({ method: 'DELETE', path: '*', kind: 'hang' });
  const direct = ['emergency', 'openai', '--reason', 'a test', '--direct', '--yes'];
  const first = fixture.start(direct);
  while (!scenario.received().some(({ method }) => method === 'DELETE')) await sleep(20);

  first.process.kill('SIGKILL');
  await first.ended;
  const second = await fixture.keyturn(...direct, '--json');

  expect(second).toMatchObject({ code: 0 });
  expect(second.json()).toMatchObject({ contained: true, provedRefused: true, rotated: true });
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
  expect(scenario.engineHolds()).not.toBe(leaked);
});
