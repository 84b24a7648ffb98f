import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { testDocument } from '../../../activities/docuelevate/test-document.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import type { Seen } from '../../../activities/verification/look.js';
import type { Healed } from '../../../activities/verification/heal.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { accountOf, claimsOf } from '../../../src/config/policy.js';
import { loadConfig } from '../../../src/config/load.js';
import type { DocuElevateLab } from '../../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../../src/lab/openai/server.js';
import { createPlayground } from '../../../src/lab/playground.js';
import type { Scenario } from '../../../src/lab/scenario.js';
import { scenarios } from '../../../src/lab/scenarios/index.js';
import { adopt } from '../../../src/operations/setup/adopt.js';
import { type Verified, verify } from '../../../src/operations/reconcile/verify.js';
import type { Session } from '../../../src/operations/session/session.js';
import { loadKeyRing } from '../../../src/store/key-ring.js';
import { openStore } from '../../../src/store/open-store.js';
import { composeSystems } from '../../../workers/compose.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { registered } from '../../../workers/registered.js';
import { catalog } from '../../../workflows/catalog.js';
import { idle } from '../../lab/docuelevate-visitor.js';

export const minute = 60_000;
export const hour = 60 * minute;

/** A credential of a scenario, its engine and its provider, with a clock that only the test moves. The systems' own is three hours ahead of ours. */
export interface Fixture {
  readonly session: Session;
  readonly scenario: Scenario;
  readonly credential: string;
  readonly engine: DocuElevateLab;
  readonly openai: OpenAiLab;
  readonly now: number;
  /** Lets time pass; what the engine does by itself meanwhile is done. */
  pass(ms: number): Promise<void>;
  /** A new value in force, the old one deleted, without a workflow. */
  rotate(): Promise<void>;
  /** A document of somebody, up to its end. */
  handIn(): Promise<void>;
  look(): Promise<Seen>;
  heal(): Promise<Healed>;
  /** `keyturn verify --document --keep`. */
  keep(): Promise<Verified>;
  stop(): Promise<void>;
}

const making: Readonly<Record<string, readonly string[]>> = {
  ...{ openai: ['create'], azure: ['createKey'], aws: ['create'] },
  sftp: ['generateKeyPair', 'authorizeKey', 'placeKeyFile'],
};
const ending: Readonly<Record<string, readonly string[]>> = {
  ...{ openai: ['remove'], azure: ['regenerateKey'], aws: ['deactivate', 'remove'], sftp: ['removeKey'] },
};

export async function startFixture(procedure = 'openai-api-key', engineOptions: object = {}): Promise<Fixture> {
  let now = Date.now();
  const scenario = await scenarios[procedure]!({ clock: () => now + 3 * hour, credentialChecks: true });
  Object.assign(scenario.config.engines['docs']!, engineOptions);
  const { dir, file, remove } = await createPlayground(scenario, { grace: '0 seconds' });
  const config = loadConfig(file, catalog);
  const ring = await loadKeyRing({ file: join(dir, 'keyturn.keyring.json') });
  const store = await openStore({ url: `sqlite:${config.store.file}`, ring, create: true, now: () => now });
  const systems = composeSystems(config, store, () => now);
  const activities = registered(systems);
  const session: Session = { config, store, systems, activities, takenIn: [], close: () => store.destroy() };
  const { credential, adopted: parts } = scenario;
  await adopt(session, { credential, parts, soleUser: true, actor: 'test' });
  const engine = scenario.systems['docuelevate'] as DocuElevateLab;
  const directly = <T>(work: () => Promise<T>): Promise<T> => runDirectly({ workflowId: 'a test', runId: 'run' }, work);
  return {
    ...{ session, scenario, credential, engine, openai: scenario.systems['openai'] as OpenAiLab },
    get now() {
      return now;
    },
    async pass(ms) {
      now += ms;
      await idle(engine);
    },
    async rotate() {
      const descriptor = descriptorOf(config, credential);
      const row = { name: credential, procedure: descriptor.id, account: accountOf(config, credential, descriptor) };
      const writer = { workflowId: 'a test', runId: 'run' };
      const request = { actor: 'ada', trigger: 'manual', reason: 'a test' } as const;
      const { current, next } = await store.open(row, claimsOf(config, credential, descriptor), request, writer);
      const old = { ...current!, fence: next.fence };
      const { provider } = descriptor;
      const act = (verb: string, ref: VersionRef) => directly(() => activities[`${provider}.${verb}`]!(ref as never));
      for (const verb of making[provider]!) await act(verb, next);
      await directly(() => systems.docuelevate.writeSettings(next));
      await store.promote(next);
      const proof = { outcome: 'proved', detail: 'shown by the test' } as const;
      for (const kind of ['setting-ours', 'document', 'in-use', 'seen'] as const)
        await store.prove(next, { kind, ...proof });
      await store.prove(old, { kind: 'idle', ...proof });
      await act(['openai', 'aws'].includes(provider) ? 'accepts' : 'acceptsKey', next);
      for (const verb of ending[provider]!) await act(verb, old);
      await store.move(old, 'retired', 'proved');
      await store.close(next, 'retired', null);
    },
    async handIn() {
      const occasion = { installation: 'somebody', credential, version: 0, check: randomUUID(), round: 1 };
      const { bytes } = testDocument(occasion, procedure.startsWith('azure') ? 'scan' : 'text');
      const form = new FormData();
      form.set('file', new File([new Uint8Array(bytes)], 'letter.pdf', { type: 'application/pdf' }));
      form.set('source', 'somebody');
      form.set('idempotency_key', randomUUID());
      const headers = { authorization: `Bearer ${engine.apiToken}` };
      const answer = await fetch(`${engine.url}/api/intake/documents`, { method: 'POST', body: form, headers });
      if (!answer.ok) throw new Error(`the engine took no document: ${answer.status}`);
      await idle(engine);
    },
    look: () => directly(() => systems.verification.lookAt(credential)),
    keep: () => verify({ session, credential, actor: 'test', onStep: () => undefined, document: true, keep: true }),
    heal: () => directly(() => systems.verification.heal(credential)),
    async stop() {
      await store.destroy();
      await remove();
      await scenario.stop();
    },
  };
}
