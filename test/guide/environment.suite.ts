import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startByHandEnvironment } from '../../src/lab/scenarios/by-hand.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;

const docuelevate = () => scenario.systems['docuelevate'] as DocuElevateLab;
const envFile = () => docuelevate().compose?.envFile ?? '';

beforeAll(async () => {
  scenario = await startByHandEnvironment();
  rehearsal = await rehearse(scenario);
}, 60_000);
afterAll(() => rehearsal.stop());

it('rotates a value in the environment: file, row and restart', async () => {
  const old = scenario.engineHolds();

  const report = await rehearsal.report(await rehearsal.begin());

  expect(report).toMatchObject({ outcome: 'retired', version: 2, oldCredential: 'refused' });
  const held = scenario.engineHolds();
  expect(held).not.toBe(old);
  expect(scenario.working()).toContain(held);
  expect(readFileSync(envFile(), 'utf8')).toContain(held);
  expect(readdirSync(dirname(envFile()))).toEqual(['.env']);
}, 60_000);
