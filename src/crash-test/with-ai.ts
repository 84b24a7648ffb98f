import { type OpenAiLab, startOpenAiLab } from '../lab/openai/server.js';
import type { Scenario } from '../lab/scenario.js';

/** An AI for an engine whose rotation is about something else: documents meet it before they go anywhere. */
export interface Ai {
  readonly openai: OpenAiLab;
  readonly openAiBaseUrl: string;
  readonly openAiKey: string;
  /** Ends both. */
  readonly stop: (scenario: Scenario) => Promise<void>;
}

export async function withAi(): Promise<Ai> {
  const openai = await startOpenAiLab();
  const { value } = openai.createUserKey('documents');
  return {
    ...{ openai, openAiBaseUrl: openai.baseUrl, openAiKey: value },
    async stop(scenario) {
      await scenario.stop();
      await openai.stop();
    },
  };
}
