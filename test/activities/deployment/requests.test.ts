import { deploymentRequests } from '../../../activities/deployment/requests.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type DeploymentFixture, key, startDeploymentFixture } from './fixture.js';

let fixture: DeploymentFixture;

beforeEach(async () => {
  fixture = await startDeploymentFixture();
});
afterEach(() => fixture.stop());

type Verb = keyof typeof deploymentRequests;

/** What one activity sent, besides what was sent before it. */
async function expectDeclared(verb: Verb): Promise<void> {
  const { bench, deployment, lab, next } = fixture;
  const before = lab.requests.length;
  const work: Record<string, (subject: never) => Promise<unknown>> = deployment;
  await bench.untilDone(async () => work[verb]?.((/^check|survey/.test(verb) ? bench.credential : next) as never));

  expect(`${verb}:\n${linesOf(lab.requests.slice(before))}`).toMatch(
    new RegExp(`^${verb}:\n${patternOf(deploymentRequests[verb]).source.slice(1)}`),
  );
}

it('declares what the activities send', async () => {
  const verbs = [
    'checkEngine',
    'checkAccess',
    'writeEnvironment',
    'deleteRows',
    'restart',
    'requireNewProcesses',
  ] as const;
  fixture.lab.editSetting(key, 'of-the-database', 'ann');

  for (const verb of verbs) await expectDeclared(verb);
  for (const verb of ['restart', 'environmentIsOurs', 'survey', 'restoreRows'] as const) await expectDeclared(verb);
  for (const verb of ['restoreEnvironment', 'restart', 'forgetEarlier'] as const) await expectDeclared(verb);
});

it('declares what is asked after a person has restarted the engine', async () => {
  await expectDeclared('writeEnvironment');
  await fixture.lab.compose?.run(['up', '--force-recreate']);

  await expectDeclared('requireNewProcesses');
});
