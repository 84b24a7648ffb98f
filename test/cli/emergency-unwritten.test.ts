import { runDirectly } from '../../activities/shared/scope.js';
import { knownTo } from '../../src/cli/emergency/emergency-unwritten.js';
import { createPlayground } from '../../src/lab/playground.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { impactOf } from '../../src/operations/emergency/emergency-choice.js';
import { openSession } from '../../src/operations/session/session.js';
import { listingOf } from '../../workers/listings.js';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

const writer = { workflowId: 'direct/test', runId: 'run-1' };

// Where the store takes nothing, what ends is what the provider lists and the store can name.
it.each(Object.keys(scenarios))('finds the adopted value of %s in the list of its provider', async (procedure) => {
  const scenario = await scenarios[procedure]!();
  cleanUp.push(() => scenario.stop());
  const { file, remove } = await createPlayground(scenario, { grace: '0 seconds', giveUpAfter: '1 second' });
  const session = await openSession({ file, create: true });
  cleanUp.push(remove, () => session.close());
  const { credential } = scenario;
  await adopt(session, { credential, parts: scenario.adopted, soleUser: true, actor: 'test' });

  const known = await knownTo(session, await impactOf(session, credential, null));
  const listing = listingOf(session.config, credential);
  const listed = listing ? await runDirectly(writer, () => listing.list()) : null;

  if (listed === null)
    expect(['nextcloud-app-password', 'by-hand']).toContain(procedure); // no program may list those
  else {
    expect(listed.filter(known).length).toBeGreaterThan(0);
    expect(known({ id: 'nowhere', name: 'of nobody', mark: '', lastUsedAt: null })).toBe(
      procedure === 'azure-document-intelligence-key', // both slots are meant, whatever they hold
    );
  }
});
