import type { DocuElevateLab, DocuElevateLabOptions } from './docuelevate/server.js';
import { docuElevateFor } from './docuelevate/shared.js';
import type { Gap, Received, Scenario, ScenarioOptions } from './scenario.js';
import type { LabServer } from './server.js';

/** What is special to one procedure's scenario; the rest is common to all scenarios of DocuElevate. */
export interface ProviderLab<L extends LabServer, O extends ScenarioOptions> {
  /** The procedure's id. */
  readonly procedure: string;
  /** Name of the provider among the systems, and of the credential in the configuration. */
  readonly name: string;
  start(options: O): Promise<L>;
  /** Somebody creates the first value by hand. Returns its parts, as they are adopted. */
  adopt(lab: L): Readonly<Record<string, string>>;
  /** What DocuElevate is set up with. */
  readonly engine: (lab: L, adopted: Readonly<Record<string, string>>) => DocuElevateLabOptions;
  /** The setting in which DocuElevate has the value. */
  readonly setting: string;
  readonly use: (docuelevate: DocuElevateLab) => Promise<boolean>;
  /** The section `provider` of the configuration. Its secrets are files named in `secretFiles`. */
  readonly provider: (lab: L) => object;
  readonly secretFiles: (lab: L) => Readonly<Record<string, string>>;
  /** Paths of requests that the engine makes for documents and for the consumer. */
  readonly enginesOwn: RegExp;
  readonly working: (lab: L) => string[];
  /** Every value that ever existed. */
  readonly values: (lab: L) => readonly string[];
  /** Which value works from when on, where only one works at a time. Left out where several do. */
  readonly inForce?: (lab: L) => readonly InForce[];
}

/** The only value that works from a moment on; null when none does. `at`: real time, Unix ms. */
export interface InForce {
  readonly value: string | null;
  readonly at: number;
}

/** Builds a scenario of DocuElevate and one provider, with a value that somebody created by hand. */
export function scenarioOf<L extends LabServer, O extends ScenarioOptions>(
  definition: ProviderLab<L, O>,
): (options?: O) => Promise<Scenario> {
  const { name, setting, enginesOwn, inForce } = definition;
  return async (options = {} as O) => {
    const lab = await definition.start(options);
    const adopted = definition.adopt(lab);
    const docuelevate = await docuElevateFor({ ...options, ...definition.engine(lab, adopted) });
    const secretFiles = definition.secretFiles(lab);
    return {
      systems: { docuelevate, [name]: lab },
      credential: name,
      config: configOf(definition, lab, docuelevate),
      secretFiles: { 'docuelevate-admin': docuelevate.adminPassword, ...secretFiles },
      adopted,
      consume: () => definition.use(docuelevate),
      ...(inForce && { gaps: () => gapsIn(inForce(lab), writesOf(docuelevate, setting)) }),
      engineHolds: () => docuelevate.workerHolds(setting),
      working: () => definition.working(lab),
      received: () => receivedBy(docuelevate, { name, lab, enginesOwn }),
      secrets: () => [
        ...[docuelevate.adminPassword, docuelevate.apiToken],
        ...Object.values(secretFiles),
        ...definition.values(lab),
      ],
      stop: async () => {
        await Promise.all([docuelevate.stop(), lab.stop()]);
      },
    };
  };
}

function writesOf(docuelevate: DocuElevateLab, setting: string): InForce[] {
  return docuelevate.writes().filter(({ key }) => key === setting);
}

/**
 * Times in which the engine held another value than the only one that works. Before the first change, it holds that
 * one.
 */
function gapsIn(inForce: readonly InForce[], writes: readonly InForce[]): Gap[] {
  const moves = [
    ...inForce.map(({ at, value }) => ({ at, now: { works: value } })),
    ...writes.map(({ at, value }) => ({ at, now: { held: value } })),
  ].sort((a, b) => a.at - b.at);
  let state: { works?: string | null; held?: string | null } = {};
  const gaps: Gap[] = [];
  let from: number | null = null;
  for (const { at, now } of moves) {
    state = { ...state, ...now };
    const fits = state.held === undefined ? state.works === inForce[0]?.value : state.works === state.held;
    if (!fits) from ??= at;
    else if (from !== null) {
      gaps.push({ from, to: at });
      from = null;
    }
  }
  return from === null ? gaps : [...gaps, { from, to: Number.POSITIVE_INFINITY }];
}

function configOf<L extends LabServer, O extends ScenarioOptions>(
  { procedure, name, provider }: ProviderLab<L, O>,
  lab: L,
  { url, adminUsername: username }: DocuElevateLab,
): Scenario['config'] {
  const admin = { username, password: { file: './docuelevate-admin' } };
  return {
    engines: { docs: { kind: 'docuelevate', url, admin } },
    credentials: { [name]: { procedure, engine: 'docs', provider: provider(lab), unseenUse: 'retire' } },
  };
}

interface Provider {
  readonly name: string;
  readonly lab: LabServer;
  readonly enginesOwn: RegExp;
}

function receivedBy(docuelevate: DocuElevateLab, { name, lab, enginesOwn }: Provider): Received[] {
  const provider = lab.requests.filter(({ path }) => !enginesOwn.test(path));
  return [
    ...provider.map((request) => ({ ...request, system: name })),
    ...docuelevate.requests.map((request) => ({ ...request, system: 'docuelevate' })),
  ].sort((a, b) => a.at - b.at);
}
