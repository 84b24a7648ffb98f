import { delivered } from '../../src/lab/scenarios/delivered.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { openAiApiKey } from '../../workflows/procedures/openai-api-key.js';
import { describeEmergency } from '../contracts/emergency.js';
import { describeProcedure } from '../contracts/procedure.js';

describe('with a delivery besides the engine', () => {
  describeProcedure(openAiApiKey, async (options) => delivered(await startOpenAiApiKey(options)));
  describeEmergency(openAiApiKey, async (options) => delivered(await startOpenAiApiKey(options)));
});
