import { randomBytes } from 'node:crypto';
import { type DocumentEngineLab, newKeyPair } from '../../lab/document-engine/server.js';
import type { Behavior, SecretType } from '../../lab/document-engine/state.js';
import {
  type DocumentEngineOptions,
  type DocumentEngineScenario,
  preciseClock,
} from '../../lab/scenarios/document-engine.js';
import { startDocumentEngineDashboardPassword } from '../../lab/scenarios/document-engine-dashboard-password.js';
import { startDocumentEngineJwt } from '../../lab/scenarios/document-engine-jwt.js';
import { startDocumentEngineSecretKeyBase } from '../../lab/scenarios/document-engine-secret-key-base.js';
import type { LabServer } from '../../lab/server.js';
import type { Issued, Stage, StartStage } from '../stage.js';

/** A value of a person's own: what the engine gets, and what the secret's user holds. */
interface Pair {
  readonly engine: string;
  readonly user: string;
}

interface Staging {
  readonly type: SecretType;
  readonly start: (options: DocumentEngineOptions) => Promise<DocumentEngineScenario>;
  readonly own: () => Pair;
  readonly adopted: (lab: DocumentEngineLab) => Pair;
}

const text = (): Pair => {
  const value = randomBytes(64).toString('hex');
  return { engine: value, user: value };
};

const stagings = {
  'document-engine-dashboard-password': {
    type: 'dashboard_password',
    start: startDocumentEngineDashboardPassword,
    own: text,
    adopted: ({ environment: { dashboard_password: value } }) => ({ engine: value, user: value }),
  },
  'document-engine-secret-key-base': {
    type: 'secret_key_base',
    start: startDocumentEngineSecretKeyBase,
    own: text,
    adopted: ({ environment: { secret_key_base: value } }) => ({ engine: value, user: value }),
  },
  'document-engine-jwt': {
    type: 'jwt',
    start: startDocumentEngineJwt,
    own() {
      const { publicKey, privateKey } = newKeyPair('ES256');
      return { engine: publicKey, user: privateKey };
    },
    adopted: ({ environment, privateKey }) => ({ engine: environment.jwt, user: privateKey }),
  },
} as const satisfies Readonly<Record<string, Staging>>;

export const stageDocumentEngineJwt = stageOf(stagings['document-engine-jwt']);
export const stageDocumentEngineDashboardPassword = stageOf(stagings['document-engine-dashboard-password']);
export const stageDocumentEngineSecretKeyBase = stageOf(stagings['document-engine-secret-key-base']);

/** What the vendor's guide and description leave open, or tell in two ways. */
const strict = { change: 'POST', otherChange: 404, duplicates: 'refused', pastExpiry: 'refused' } as const;
const behaviors: Readonly<Record<string, Partial<Behavior>>> = {
  keeps: { rotate: 'keeps' },
  'in-place': { rotate: 'in-place' },
  'drops-strict': { rotate: 'drops', ...strict },
  'keeps-strict': { rotate: 'keeps', ...strict },
  'in-place-strict': { rotate: 'in-place', ...strict },
  // A node that learns late is no variant here: a person's own value, which works at once elsewhere, would fail there for a moment.
  coarse: { precision: 0, zone: 'none', rotate: 'keeps' },
  viewer: { upstreamJwt: 403, pastExpiry: 'refused' },
  proxied: { front: 'proxy', server: null, precision: 3 },
  limited: { dashboardFailures: 5, rotate: 'in-place' },
};

/** The same stages on engines that behave otherwise: `document-engine-jwt:keeps` and so on. */
export const documentEngineVariants: Readonly<Record<string, StartStage>> = Object.fromEntries(
  Object.entries(behaviors).flatMap(([name, behavior]) =>
    Object.entries(stagings).map(([procedure, staging]) => [`${procedure}:${name}`, stageOf(staging, behavior)]),
  ),
);

const lifetime = '0.25 seconds'; // long enough for users who go on with a token

/** The scenario, with a person who changes what the secret's user holds, and may change the secret. */
function stageOf({ type, start, own, adopted }: Staging, behavior: Partial<Behavior> = {}): StartStage {
  return async (): Promise<Stage> => {
    let skewMs = 0;
    const scenario = await start({ clock: () => preciseClock() + skewMs, behavior, lifetime });
    const lab = scenario.systems['document-engine'];
    if (!isDocumentEngine(lab)) throw new Error('the scenario has other systems than this stage');
    const [person, first] = [own(), adopted(lab)];
    return {
      scenario,
      systems: Object.values(scenario.systems),
      issued: () => issuedBy(lab, type, person.engine),
      edit(to) {
        if (to === 'own') lab.addByHand(type, person.engine);
        scenario.edit(to === 'own' ? person.user : first.user);
      },
      killAdopted() {
        lab.rotateByHand(type, person.engine);
        lab.remove(type, first.engine);
      },
      skew: (ms) => void (skewMs += ms),
    };
  };
}

/**
 * A value that was only ever rotated to is an emergency's, which nobody holds; it may have ended a person's as well. So may any rotation
 * that crossed a person's: the engine has no compare-and-set.
 */
function issuedBy(lab: DocumentEngineLab, type: SecretType, person: string): Issued[] {
  const [alive, displaced] = [lab.values(type), lab.rotatedOnly(type).filter((value) => value !== person)];
  const isExcused = displaced.length > 0 || lab.crossed(type).includes(person);
  return lab
    .everyValue(type)
    .filter((value) => !displaced.includes(value))
    .map((value) => ({ value, label: null, alive: alive.includes(value), foreign: value === person }))
    .filter(({ alive: lives, foreign }) => lives || !foreign || !isExcused);
}

function isDocumentEngine(server: LabServer | undefined): server is DocumentEngineLab {
  return server !== undefined && 'rotateByHand' in server;
}
