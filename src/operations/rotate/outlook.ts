import { nameOf } from '../../../activities/delivery/target.js';
import { workflowOf, type Session } from '../session/session.js';
import { inputOf } from '../../../workers/compose.js';
import { credentialOf, engineOf, rotationPolicyOf } from '../../config/policy.js';
import { providerOf } from '../../../activities/providers.js';
import type { Engine } from '../../config/schema.js';
import type { Overlap } from '../../domain/procedure.js';
import { type Environment, environmentOf } from '../session/environment.js';
import { containmentOf, type Plan, planRotation, type Totals, totalsOf } from './plan.js';
import { knownCredential, requireAdopted } from '../session/reach.js';

/** What a rotation would do now, and what a person should know before it is started. */
export interface Outlook {
  readonly credential: string;
  /** Title of the guide section. */
  readonly section: string;
  /** Base addresses of the systems that take part; the plan's paths follow them. */
  readonly systems: Readonly<Record<string, string>>;
  /** The deliveries of the new value: files, variables in files, commands. */
  readonly deliveries: readonly string[];
  /** Number of the version in force; null when nothing was adopted yet. */
  readonly current: number | null;
  readonly next: number;
  readonly overlap: Overlap;
  /** What ends together with the old value; null when nothing is known to. */
  readonly ends: string | null;
  /** What fails between writes that cannot be combined; null when a single write switches. */
  readonly gap: string | null;
  /** The current version was adopted, and no rotation has shown yet that the engine really holds it. */
  readonly unconfirmed: boolean;
  /** A rotation is running. */
  readonly rotating: boolean;
  /** What a restart of the engine may bring back; null when nothing. */
  readonly environment: Environment | null;
  readonly totals: Totals;
  readonly plan: Plan;
  /** Titles of what an emergency does first, to every live version. */
  readonly containment: readonly string[];
}

/** Reads only the configuration and the store. Throws a UsageError when there is no such credential. */
export async function planOf(
  { config, store }: Session,
  { credential, actor }: { credential: string; actor: string },
): Promise<Outlook> {
  const descriptor = knownCredential(config, credential);
  const { section, overlap, provider, ends = null, gap = null } = descriptor;
  const workflow = workflowOf(config, credential);
  const opened = await store.preview(credential);
  requireAdopted(descriptor, credential, opened.current);
  const rotations = await store.rotations(credential);
  const engine = engineOf(config, credential);
  const { provider: account, deliver = [] } = credentialOf(config, credential);
  const input = inputOf(credential, { actor, trigger: 'manual', reason: 'a plan' });
  const systems = { ...providerOf(provider).addresses(account), ...signerUrl(engine), [engine.kind]: engine.url };
  const policy = rotationPolicyOf(config, credential, descriptor);
  const plan = await planRotation(workflow, input, { ...opened, policy });
  return {
    ...{ credential, section, overlap, ends, gap, systems },
    deliveries: deliver.map(nameOf),
    current: opened.current?.number ?? null,
    next: opened.next.number,
    unconfirmed: opened.unconfirmed,
    rotating: rotations.some(({ closedAt }) => closedAt === null),
    environment: await environmentOf({ config, store }, credential),
    totals: totalsOf(plan),
    plan,
    containment: await containmentOf(workflow, opened.current ?? opened.next, policy),
  };
}

function signerUrl(engine: Engine): Record<string, string> {
  return engine.kind === 'document-engine' && engine.jwt.signer ? { signer: engine.jwt.signer.url } : {};
}
