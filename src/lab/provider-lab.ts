import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { Arrival } from './arrival.js';
import type { DocuElevateLab, DocuElevateLabOptions } from './docuelevate/server.js';
import type { Compose } from './docuelevate/compose.js';
import { docuElevateFor } from './docuelevate/shared.js';
import { gapsIn, type InForce } from './gaps.js';
import type { FalseSuccess, Issued } from './issued.js';
import type { Gap, Received, Scenario, ScenarioOptions } from './scenario.js';
import type { Worker } from './people.js';
import type { LabServer } from './server.js';

/** A simulated provider that takes documents from DocuElevate. */
export interface ProviderServer extends LabServer {
  /** Every value that is accepted right now. */
  working(): string[];
  /** Received documents, oldest first. */
  arrivals(): readonly Arrival[];
}

/** A value, by its parts. */
export type Parts = Readonly<Record<string, string>>;

/** What an engine holds of a value, by its parts. */
export type Held = Readonly<Record<string, string | null>>;

/** What is special to one procedure's systems; the rest is common to DocuElevate and any provider. */
export interface ProviderLab<L extends ProviderServer, O extends ScenarioOptions> {
  readonly procedure: ProcedureDescriptor;
  /** Name of the provider among the systems, and of the credential in the configuration. */
  readonly name: string;
  /** The credential's name, where it has another one. */
  readonly credential?: string;
  start(options: O): Promise<L>;
  /** Somebody creates the first value by hand. Returns its parts, as they are adopted. */
  adopt(lab: L): Parts;
  /** What DocuElevate is set up with. */
  readonly engine: (lab: L, adopted: Parts) => DocuElevateLabOptions;
  /** What of DocuElevate uses the value: `ai`, `ocr`, or the name of a destination. */
  readonly use: string;
  /** The credential's entry in the configuration. Its secrets are files named in `secretFiles`. */
  readonly entry: (lab: L, options: O) => object;
  readonly secretFiles: (lab: L) => Parts;
  /** Whether the engine makes a request, for documents and for the consumer. */
  readonly enginesOwn: (request: L['requests'][number]) => boolean;
  /** How the requests with a path are declared, where that is not by the provider's name and the whole path. */
  readonly declared?: (path: string) => Partial<Received>;
  /** Every secret that the provider ever gave out. */
  readonly secrets: (lab: L) => readonly string[];
  /** The value that is made of parts; null when they do not belong together. Left out where a value has one part. */
  readonly valueFrom?: (held: Held, lab: L) => string | null;
  /** Which value works from when on, where only one works at a time. Left out where several do. */
  readonly inForce?: (lab: L) => readonly InForce[];
  readonly abuse?: (lab: L, adopted: Parts) => Promise<boolean>;
  /** Somebody who does the tasks. Left out where nobody is asked. */
  readonly people?: (lab: L) => Worker;
  /** No command recreates DocuElevate's containers: somebody is asked to. */
  readonly restartedByPerson?: true;
  readonly leftBehind?: (lab: L) => string[];
  /** Adds other people. */
  populate(lab: L): People | Promise<People>;
  /** Every value that was ever issued, oldest first. */
  readonly issued: (lab: L, adopted: Parts) => readonly Omit<Issued, 'foreign'>[];
  /** The provider revokes the adopted value on its own. */
  kill(lab: L, adopted: Parts): void;
  /** Makes the provider fail documents. Left out where documents go through an AI before they reach it. */
  readonly failFor?: (lab: L, fails: (content: string) => boolean) => void;
  readonly falseSuccess?: (lab: L, scenario: Scenario) => FalseSuccess;
  /** Reasons for which a planned rotation may roll back by itself. */
  readonly goesBack?: RegExp;
}

/** What other people have at a provider. */
export interface People {
  /** A person's own value, as the engine's settings take it. */
  readonly own: Parts;
  /** Values that must outlive every rotation. */
  readonly values: readonly string[];
}

/** A scenario, and the truth about its provider. */
export interface Staged {
  readonly scenario: Scenario;
  readonly docuelevate: DocuElevateLab;
  readonly lab: ProviderServer;
  /** The settings that hold the value at first, each with the part that it takes. */
  readonly settings: readonly (readonly [key: string, part: string])[];
  readonly populate: () => Promise<People>;
  readonly issued: () => readonly Omit<Issued, 'foreign'>[];
  readonly kill: () => void;
  readonly failFor: ((fails: (content: string) => boolean) => void) | undefined;
  readonly falseSuccess: FalseSuccess | undefined;
}

/** The systems of one procedure. */
export interface ProcedureLab<O extends ScenarioOptions> {
  readonly procedure: ProcedureDescriptor;
  readonly goesBack: RegExp | undefined;
  /** Documents go through an AI before they reach the provider. */
  readonly needsAi: boolean;
  /** Starts the systems, with a value that somebody created by hand. */
  readonly start: (options?: O) => Promise<Scenario>;
  /** The same, with the truth about the provider. */
  readonly stage: (options: O) => Promise<Staged>;
}

export function labOf<L extends ProviderServer, O extends ScenarioOptions>(
  definition: ProviderLab<L, O>,
): ProcedureLab<O> {
  const { procedure, goesBack, failFor } = definition;
  return {
    ...{ procedure, goesBack, needsAi: failFor === undefined },
    start: async (options = {} as O) => (await stage(definition, options)).scenario,
    stage: (options) => stage(definition, options),
  };
}

async function stage<L extends ProviderServer, O extends ScenarioOptions>(
  definition: ProviderLab<L, O>,
  options: O,
): Promise<Staged> {
  const lab = await definition.start(options);
  const adopted = definition.adopt(lab);
  const docuelevate = await docuElevateFor({ ...options, ...definition.engine(lab, adopted) });
  const settings = Object.entries(definition.procedure.settings).filter(([key]) => docuelevate.setting(key) !== null);
  const systems = { lab, docuelevate, adopted, settings };
  const scenario = { ...scenarioOf(definition, systems), config: configOf(definition, systems, options) };
  const { failFor, falseSuccess } = definition;
  return {
    ...{ scenario, docuelevate, lab, settings },
    populate: async () => definition.populate(lab),
    issued: () => definition.issued(lab, adopted),
    kill: () => definition.kill(lab, adopted),
    failFor: failFor && ((fails) => failFor(lab, fails)),
    falseSuccess: falseSuccess?.(lab, scenario),
  };
}

interface Systems<L> extends Pick<Staged, 'docuelevate' | 'settings'> {
  readonly lab: L;
  readonly adopted: Parts;
}

function scenarioOf<L extends ProviderServer, O extends ScenarioOptions>(
  definition: ProviderLab<L, O>,
  systems: Systems<L>,
): Omit<Scenario, 'config'> {
  const { name, credential = name, valueFrom = theOnlyPart, inForce, abuse, leftBehind, people } = definition;
  const { lab, docuelevate, adopted, settings } = systems;
  const secretFiles = { 'docuelevate-admin': docuelevate.adminPassword, ...definition.secretFiles(lab) };
  const engineHolds = () => valueFrom(heldIn(docuelevate, definition.procedure), lab);
  const switchesAtOnce = settings.length === 1 && !inForce;
  return {
    ...{ systems: { docuelevate, [name]: lab }, credential, secretFiles, adopted, engineHolds },
    async consume() {
      engineHolds(); // so that `secrets` knows it, where only the engine does
      return docuelevate.use(definition.use);
    },
    ...(!switchesAtOnce && { gaps: () => gapsOf(definition, systems) }),
    ...(people && { people: restarting(docuelevate, people(lab)) }),
    ...(abuse && { abuse: () => abuse(lab, adopted) }),
    ...(leftBehind && { leftBehind: () => leftBehind(lab) }),
    working: () => lab.working(),
    received: () => receivedBy(definition, systems),
    secrets() {
      engineHolds();
      return [docuelevate.apiToken, ...Object.values(secretFiles), ...definition.secrets(lab)];
    },
    stop: async () => {
      await Promise.all([docuelevate.stop(), lab.stop()]);
    },
  };
}

function configOf<L extends ProviderServer, O extends ScenarioOptions>(
  { procedure, name, credential = name, entry, restartedByPerson }: ProviderLab<L, O>,
  { lab, docuelevate: { url, adminUsername: username, compose } }: Systems<L>,
  options: O,
): Scenario['config'] {
  const admin = { username, password: { file: './docuelevate-admin' } };
  return {
    engines: {
      docs: {
        kind: 'docuelevate',
        url,
        admin,
        ...(compose && { deployment: deploymentOf(compose, restartedByPerson) }),
      },
    },
    credentials: { [credential]: { procedure: procedure.id, engine: 'docs', ...entry(lab, options) } },
  };
}

function deploymentOf({ envFile, restart }: Compose, byPerson = false): object {
  return { envFile, ...(!byPerson && { restart }) };
}

/** Somebody who completes a task and then recreates the containers, as it says, and who does the other tasks as `worker` does. */
const untilRunMs = 1_000; // from the terminal with the task to the one of DocuElevate

function restarting({ compose }: DocuElevateLab, worker: Worker): Worker {
  return (task, handed) => {
    if (!compose || !task.title.startsWith('Restart DocuElevate')) return worker(task, handed);
    setTimeout(() => void compose.run(['up', '--force-recreate']), untilRunMs);
    return { state: 'done', words: null };
  };
}

/** What the worker holds, by the part that each setting takes. */
function heldIn(docuelevate: DocuElevateLab, { settings }: ProcedureDescriptor): Held {
  return Object.fromEntries(Object.entries(settings).map(([key, part]) => [part, docuelevate.workerHolds(key)]));
}

function theOnlyPart(held: Held): string | null {
  return Object.values(held)[0] ?? null;
}

function gapsOf<L extends ProviderServer, O extends ScenarioOptions>(
  { procedure, valueFrom = theOnlyPart, inForce }: ProviderLab<L, O>,
  { lab, docuelevate, adopted }: Systems<L>,
): Gap[] {
  const writes = docuelevate.writes().flatMap(({ key, value, at }) => {
    const part = procedure.settings[key];
    return part === undefined ? [] : [{ part, value, at }];
  });
  return gapsIn({ first: adopted, writes, valueFrom: (held) => valueFrom(held, lab), inForce: inForce?.(lab) });
}

function receivedBy<L extends ProviderServer, O extends ScenarioOptions>(
  { name, enginesOwn, declared = () => ({}) }: ProviderLab<L, O>,
  { lab, docuelevate }: Systems<L>,
): Received[] {
  const provider = lab.requests.filter((request) => !enginesOwn(request));
  return [
    ...provider.map((request) => ({ ...request, system: name, ...declared(request.path) })),
    ...docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' })),
  ].sort((a, b) => a.at - b.at);
}
