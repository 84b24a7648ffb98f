import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Progress } from '../../src/domain/rotation.js';
import { fastClock } from '../../src/lab/clock.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { enter, type Instance } from './instance.js';
import type { Staging } from './staging.js';

/** A running DocuElevate with a key of the simulated OpenAI in force. */
export interface Fixture {
  readonly instance: Instance;
  readonly openai: OpenAiLab;
  /** Its DocuElevate is an address like any other. */
  readonly scenario: Scenario;
  /** One document of somebody's, as soon as the instance takes one: whether OpenAI answered what was asked about it. */
  use(): Promise<boolean>;
  /** Milliseconds between two of them that leave room for Keyturn's own. */
  readonly paceMs: number;
  /** Test documents that a rotation, the newest one, called proved although OpenAI answered nothing about them with the key that was to be proved. */
  falselyProved(progress: Progress): string[];
  /** As after a restart of the stack; null where nobody says how. */
  readonly emptyRedis: (() => Promise<void>) | null;
  /** Milliseconds that such a restart fits into. */
  readonly restartMs: number;
}

export async function startFixture(staging: Staging | 'lab'): Promise<Fixture> {
  const clock = fastClock(1000); // of simulated systems: a resolution of a second stops mattering
  const openai = await startOpenAiLab(staging === 'lab' ? { clock } : { port: staging.openAiPort });
  const chosen = staging === 'lab' ? undefined : staging.environmentKey;
  const [byHand] = openai.createServiceAccount('documents', 1, chosen).keys;
  if (!byHand) throw new Error('the lab made no key');
  const lab = staging === 'lab' ? await startLab({ clock, openai, key: byHand.value }) : null;
  const stop = async (): Promise<void> => {
    await Promise.all([lab?.stop(), openai.stop()]);
  };
  const login = staging === 'lab' ? lab : staging;
  if (!login) throw new Error('there is no instance');
  try {
    const instance = await enter(login, openai);
    await instance.setKey(byHand.value);
    const use = lab ? () => lab.use('ai') : () => patiently(() => instance.handIn());
    if (!(await use())) throw new Error(notUsed(openai));
    const scenario = scenarioOf({
      instance,
      openai,
      adopted: byHand.value,
      propagation: lab ? '0 seconds' : '3 seconds',
    });
    const end = async (): Promise<void> => {
      const left = await instance.leave();
      if (left.length > 0) console.log(`left in DocuElevate, which does not delete them: ${left.join(', ')}`);
      await stop();
    };
    const emptyRedis = lab ? () => restartEmpty(lab) : byProgram(staging);
    const paceMs = lab ? 100 : 10_000; // 20 uploads a minute are allowed
    const falselyProved = falselyProvedBy(openai);
    return {
      instance,
      openai,
      use,
      paceMs,
      falselyProved,
      emptyRedis,
      restartMs: lab ? 1000 : 20_000,
      scenario: { ...scenario, consume: use, stop: end },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startLab({ clock, openai, key }: { clock: () => number; openai: OpenAiLab; key: string }) {
  return startDocuElevateLab({ clock, openAiBaseUrl: openai.baseUrl, openAiKey: key });
}

function scenarioOf({ instance, openai, adopted, propagation }: Ingredients): Omit<Scenario, 'consume' | 'stop'> {
  const { url, adminUsername: username, adminPassword } = instance;
  const admin = { username, password: { file: './docuelevate-admin' } };
  const { project, baseUrl } = openai;
  const provider = {
    adminKey: { file: './openai-admin' },
    project,
    baseUrl,
    propagation,
    usageResolution: '0 seconds',
  };
  const values = () => openai.keys().map(({ value }) => value);
  return {
    systems: { openai },
    credential: 'openai',
    config: {
      engines: { docs: { kind: 'docuelevate', url, admin } },
      credentials: { openai: { procedure: 'openai-api-key', engine: 'docs', provider } },
    },
    secretFiles: { 'docuelevate-admin': adminPassword, 'openai-admin': openai.adminKey },
    adopted: { key: adopted },
    engineHolds: () => openai.keys().find(({ id }) => id === openai.inferences().at(-1)?.key)?.value ?? null,
    working: () => values().filter((value) => openai.works(value)),
    received: () => [],
    secrets: () => [adminPassword, openai.adminKey, ...values()],
  };
}

interface Ingredients {
  readonly instance: Instance;
  readonly openai: OpenAiLab;
  readonly adopted: string;
  readonly propagation: string;
}

/** DocuElevate sends a document's text along, and a test document's holds its reference. */
function falselyProvedBy(openai: OpenAiLab) {
  return ({ steps }: Progress): string[] => {
    const next = openai.keys().at(-1)?.id;
    return steps
      .filter(({ outcome }) => outcome === 'proved')
      .flatMap(({ phase, detail = '' }) =>
        [...detail.matchAll(/keyturn-test-([0-9a-f]{32})/g)].map(([, id = '']) => ({ phase, id })),
      )
      .filter(({ phase, id }) => {
        const answered = openai.inferences().filter(({ asked, status }) => status === 200 && asked.includes(id));
        return !answered.some(({ key }) => (phase === 'confirm' ? key !== next : key === next));
      })
      .map(({ phase, id }) => `${id}, in phase ${phase}`);
  };
}

/** Uploads are limited, the more the busier the machine is. */
async function patiently(handIn: () => Promise<boolean | null>): Promise<boolean> {
  for (;;) {
    const answered = await handIn();
    if (answered !== null) return answered;
    await new Promise((resolve) => setTimeout(resolve, 5000)); // the limit counts over a minute
  }
}

function notUsed({ baseUrl }: OpenAiLab): string {
  return (
    `DocuElevate took a document, and its worker did not ask ${baseUrl} about it with the key that was written: is the worker running, ` +
    'does its environment have the same OPENAI_BASE_URL as the API, and is ai_provider openai?'
  );
}

function restartEmpty(lab: DocuElevateLab): Promise<void> {
  lab.emptyRedis();
  lab.restartWorker();
  return Promise.resolve();
}

function byProgram(staging: Staging | 'lab'): (() => Promise<void>) | null {
  const program = staging === 'lab' ? undefined : staging.emptyRedis;
  return program === undefined ? null : async () => void (await promisify(execFile)(program));
}
