import type { Arrival } from '../../lab/arrival.js';
import { fastClock } from '../../lab/clock.js';
import type { DocuElevateLab } from '../../lab/docuelevate/server.js';
import type { Scenario, ScenarioOptions } from '../../lab/scenario.js';
import type { LabServer } from '../../lab/server.js';
import { letterAbout, once } from '../letters.js';
import type { HollowEnd, Issued, Stage } from '../stage.js';
import { type Ai, withAi } from '../with-ai.js';

const oneDayMs = 86_400_000;

/** A provider that takes documents from DocuElevate, and tells with which value each came. */
interface DocumentLab extends LabServer {
  arrivals(): readonly Arrival[];
  kill(value: string): void;
}

/** What a stage is made of, beside what every stage of DocuElevate and one provider is made of. */
export interface StagedLab<L extends DocumentLab> {
  start(options: ScenarioOptions & Pick<Ai, 'openAiBaseUrl' | 'openAiKey'>): Promise<Scenario>;
  readonly isLab: (server: LabServer) => server is L;
  /** Where DocuElevate has the value. */
  readonly setting: string;
  /** The step that needs it. */
  readonly step: string;
  /** Other people come. Answers their values, the first of which is let through. */
  populate(lab: L): readonly [string, ...string[]];
  readonly issued: (lab: L) => readonly Omit<Issued, 'foreign'>[];
  readonly hollow?: HollowEnd;
}

/** The scenario with other people in it. Documents meet an AI before they come to the provider. */
export async function stageOf<L extends DocumentLab>(staged: StagedLab<L>): Promise<Stage> {
  const { isLab, setting, hollow } = staged;
  const base = fastClock(1000); // DocuElevate's limit of uploads counts minutes
  let skewMs = 0;
  const past = { settlingMs: -oneDayMs, lingeringMs: -oneDayMs }; // a clock that is put back makes no value unborn
  const { openai, stop, ...engine } = await withAi();
  const scenario = await staged.start({ clock: () => base() + skewMs, ...past, ...engine });
  const { docuelevate, ...providers } = scenario.systems;
  const lab = Object.values(providers).find(isLab);
  if (!lab || !isDocuElevate(docuelevate)) throw new Error('the scenario has other systems than this stage');
  const foreign = staged.populate(lab);
  const [adopted = ''] = Object.values(scenario.adopted);
  const issued = () => staged.issued(lab).map((each) => ({ ...each, foreign: foreign.includes(each.value) }));
  return {
    ...{ systems: [lab, docuelevate], issued, skew: (ms) => void (skewMs += ms), ...(hollow && { hollow }) },
    scenario: {
      ...scenario,
      working: () => issued().flatMap(({ value, alive }) => (alive ? [value] : [])),
      stop: () => stop(scenario),
    },
    documents: {
      ...{ lab: docuelevate, step: staged.step, write: letterAbout, failsEarlier: true },
      taken: (text) =>
        lab
          .arrivals()
          .filter(({ content }) => content.includes(text))
          .map(({ value, at }) => ({ value: value ?? 'a password', at })),
      failOne: (text) => openai.failFor(once(text)),
    },
    edit: (to) => docuelevate.editSetting(setting, to === 'own' ? foreign[0] : adopted, 'a person'),
    killAdopted: () => lab.kill(adopted),
  };
}

function isDocuElevate(server: LabServer | undefined): server is DocuElevateLab {
  return server !== undefined && 'editSetting' in server;
}
