import { type Clock, fastClock } from '../lab/clock.js';
import type { DocumentEngineLab } from '../lab/document-engine/server.js';
import type { DocuElevateLab } from '../lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../lab/openai/server.js';
import type { Scenario } from '../lab/scenario.js';
import type { Fixture } from './fixture.js';

/** The clock of simulated systems, and what lets it jump. */
export interface FixtureTime {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly skew: (ms: number) => void;
}

/** By itself a fast one: providers tell times in whole seconds, and DocuElevate's limit of uploads counts minutes. */
export function fixtureTime(base: Clock = fastClock(1000)): FixtureTime {
  let skewMs = 0;
  return { clock: () => base() + skewMs, skew: (ms) => void (skewMs += ms) };
}

/** What is there already where a fixture stands beside another one, which has one of the engines. */
export interface Beside {
  readonly time: FixtureTime;
  /** With the AI that documents meet there. */
  readonly docuelevate?: { readonly lab: DocuElevateLab; readonly openai: OpenAiLab };
  readonly documentEngine?: DocumentEngineLab;
}

/** The first fixture of some beside one another. */
export interface Host {
  readonly fixture: Fixture;
  /** What the others are given. */
  readonly beside: Beside;
}

/** An AI for an engine whose rotation is about something else: documents meet it before they go anywhere. */
export interface Ai {
  readonly openai: OpenAiLab;
  /** What the engine is set up with; nothing where it asks an AI already. */
  readonly engine: {
    readonly openAiBaseUrl?: string;
    readonly openAiKey?: string;
    readonly docuelevate?: DocuElevateLab;
  };
  /** Ends both. */
  readonly stop: (scenario: Scenario) => Promise<void>;
}

/** The engine that is there already and its AI; an AI of its own for one that is to be started. */
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
