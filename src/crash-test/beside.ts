import { type Clock, fastClock } from '../lab/clock.js';
import type { DocumentEngineLab } from '../lab/document-engine/server.js';
import type { DocuElevateLab } from '../lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../lab/openai/server.js';
import type { Scenario } from '../lab/scenario.js';
import type { Fixture } from './fixture.js';

/** The clock of the simulated systems, and a way to make it jump. */
export interface FixtureTime {
  readonly clock: Clock;
  readonly skew: (ms: number) => void;
}

/**
 * The default clock is fast: providers tell times in whole seconds, and DocuElevate's limit of uploads counts minutes.
 */
export function fixtureTime(base: Clock = fastClock(1000)): FixtureTime {
  let skewMs = 0;
  return { clock: () => base() + skewMs, skew: (ms) => void (skewMs += ms) };
}

/** What a fixture finds when it joins another one that brought one of the engines. */
export interface Beside {
  readonly time: FixtureTime;
  /** With the AI that its documents go through. */
  readonly docuelevate?: { readonly lab: DocuElevateLab; readonly openai: OpenAiLab };
  readonly documentEngine?: DocumentEngineLab;
}

/** The first of several fixtures side by side. */
export interface Host {
  readonly fixture: Fixture;
  /** What the others are given. */
  readonly beside: Beside;
}

/**
 * An AI for an engine whose rotation is about another credential: documents go through the AI before they go anywhere
 * else.
 */
export interface Ai {
  readonly openai: OpenAiLab;
  /** What the engine is set up with; no AI when it asks one already. */
  readonly engine: {
    readonly openAiBaseUrl?: string;
    readonly openAiKey?: string;
    readonly docuelevate?: DocuElevateLab;
  };
  /** Stops the scenario, and the AI that was started for it. */
  readonly stop: (scenario: Scenario) => Promise<void>;
}

/** The engine that is there already, with its AI. An engine that is to be started gets an AI of its own. */
export async function withAi({ docuelevate }: Partial<Beside> = {}): Promise<Ai> {
  if (docuelevate) {
    const { lab, openai } = docuelevate;
    return { openai, engine: { docuelevate: lab }, stop: (scenario) => scenario.stop() };
  }
  const openai = await startOpenAiLab();
  const { value } = openai.createUserKey('documents');
  return {
    ...{ openai, engine: { openAiBaseUrl: openai.baseUrl, openAiKey: value } },
    async stop(scenario) {
      await scenario.stop();
      await openai.stop();
    },
  };
}
