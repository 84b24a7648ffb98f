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

/** What a fixture's engine is set up with before its provider is known. */
export interface Surroundings {
  /** What the engine is set up with; no AI when it asks one already. */
  readonly engine: {
    readonly openAiBaseUrl?: string;
    readonly openAiKey?: string;
    readonly docuelevate?: DocuElevateLab;
  };
  /** Makes the AI fail documents. */
  readonly failFor: (fails: (content: string) => boolean) => void;
  /** Stops the scenario, and what was started for it. */
  readonly stop: (scenario: Scenario) => Promise<void>;
}

/** The engine that is there already. */
export function withoutAi({ docuelevate }: Partial<Beside> = {}): Surroundings {
  return {
    engine: docuelevate ? { docuelevate: docuelevate.lab } : {},
    failFor: () => undefined,
    stop: (scenario) => scenario.stop(),
  };
}

/**
 * The engine that is there already, with its AI. An engine that is to be started gets an AI of its own: documents go
 * through it before they go anywhere else.
 */
export async function withAi(beside: Partial<Beside> = {}): Promise<Surroundings> {
  if (beside.docuelevate) return { ...withoutAi(beside), failFor: failing(beside.docuelevate.openai) };
  const openai = await startOpenAiLab();
  const { value } = openai.createUserKey('documents');
  return {
    engine: { openAiBaseUrl: openai.baseUrl, openAiKey: value },
    failFor: failing(openai),
    async stop(scenario) {
      await scenario.stop();
      await openai.stop();
    },
  };
}

function failing(openai: OpenAiLab): Surroundings['failFor'] {
  return (fails) => openai.failFor(fails);
}
