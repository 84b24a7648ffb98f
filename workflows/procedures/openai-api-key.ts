import type { IssuingActivities } from '../../activities/kit/issuing.js';
import { activitiesOf } from '../../src/domain/call.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import { docuelevate, kitCalls, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const openai = activitiesOf<IssuingActivities>('openai', kitCalls);
const extraction = 'extract_metadata_with_gpt';

export const openAiApiKey = {
  id: 'openai-api-key',
  section: 'OpenAI API Key',
  engine: 'docuelevate',
  provider: 'openai',
  settings: { openai_api_key: 'key' },
  use: { step: extraction, checkedEvery: '5 minutes' },
  every: '90 days',
  overlap: 'both-valid',
  workflow: 'rotateOpenAiApiKey',
} as const satisfies ProcedureDescriptor;

export const rotateOpenAiApiKey = defineRotation(openAiApiKey, {
  accepts: (version) => openai.accepts(version),
  refuses: (version) => openai.refuses(version),

  async adopt(run, version) {
    await run.check('OpenAI accepts the key', openai.accepts(version));
    await run.step('Find the key in the project', openai.identify(version));
  },

  async observe(run, version) {
    await run.check(
      'A document is processed with what DocuElevate holds',
      docuelevate.observeDocument({ version, expect: extraction }),
    );
    await run.check('OpenAI saw DocuElevate use the adopted key', openai.sawUse(version), { whenNot: 'ask' });
  },

  /** Guide steps 2 and 3. Step 1, logging in, is replaced by the admin key of the configuration. */
  async replace(run) {
    await run.step('Create a new secret key', openai.create(run.next), { undo: openai.remove(run.next) });
    // Before the engine gets it: a new key may have a propagation delay.
    await run.check('OpenAI accepts the new key', openai.accepts(run.next));
    await feed(run, 'openai_api_key');
  },

  /** Guide step 4. The document comes before our own probe, so that the engine made the use that OpenAI reports. */
  async verify(run, version) {
    await run.check(
      'A test document is processed with it',
      docuelevate.processTestDocument({ version, expect: extraction }),
    );
    await run.check('OpenAI saw the key in use', openai.sawUse(version));
    await run.check('OpenAI accepts the key', openai.accepts(version));
    await stillHolds(run, version);
  },

  /** Guide step 5. */
  async retire(run, old) {
    await run.check('Nothing else uses the old key', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('The old key is idle', openai.isIdle(old), { whenNot: 'ask' });
    await run.check('The new key is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Delete the old key', openai.remove(old));
    await run.check('The old key is refused', openai.refuses(old));
  },
});
