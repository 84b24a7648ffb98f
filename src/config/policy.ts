import { byHandPolicy } from '../../activities/by-hand/descriptor.js';
import { providerOf } from '../../activities/providers.js';
import { durationMs } from '../domain/duration.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { RotationPolicy } from '../domain/rotation.js';
import type { TaskPolicy } from '../domain/task.js';
import { UserError } from '../domain/user-error.js';
import { didYouMean } from './nearest.js';
import type { Config, Credential, Engine } from './schema.js';
import { Tasks } from './tasks.js';

/** How a credential is rotated. Throws a UserError when there is no such credential. */
export function rotationPolicyOf(config: Config, credential: string, descriptor: ProcedureDescriptor): RotationPolicy {
  const { grace, giveUpAfter, pause, unseenUse, provider, deliver } = credentialOf(config, credential);
  const drainMs = drainMsOf(config, credential, descriptor);
  const usage = providerOf(descriptor.provider).usage(provider);
  return {
    graceMs: durationMs(grace),
    giveUpAfterMs: durationMs(giveUpAfter),
    ...(pause !== undefined && { pauseMs: durationMs(pause) }),
    ...(drainMs > 0 && { drainMs }),
    ...(deliver !== undefined && { delivers: true as const }),
    ...(usage && { usage }),
    ...(unseenUse === 'retire' && { retiresUnseen: true as const }),
    ...environmentPolicyOf(config, credential),
    ...(descriptor.anySetting && { byHand: byHandPolicy(credentialOf(config, credential)) }),
  };
}

function environmentPolicyOf(config: Config, credential: string): Pick<RotationPolicy, 'environment'> {
  const engine = engineOf(config, credential);
  if (engine.kind !== 'docuelevate' || !isInEnvironment(config, credential)) return {};
  return { environment: { restartedBy: engine.deployment?.restart ? 'command' : 'person' } };
}

/** Whether the engine gets the value by its environment. Throws a UserError when there is no such credential. */
export function isInEnvironment(config: Config, credential: string): boolean {
  return credentialOf(config, credential).via === 'environment';
}

/** Who does tasks of a credential, and by when. Throws a UserError when there is no such credential. */
export function taskPolicyOf(config: Config, credential: string): TaskPolicy {
  const { owner = null, ...entry } = credentialOf(config, credential);
  const tasks = Tasks.parse('tasks' in entry ? entry.tasks : {});
  const { assignee = null, due, remind, escalate, giveUpAfter, emergencyDue } = tasks;
  return {
    ...{ owner, assignee, dueMs: durationMs(due), remindMs: durationMs(remind), giveUpMs: durationMs(giveUpAfter) },
    ...{ urgentMs: durationMs(emergencyDue) },
    escalation: escalate ? { to: escalate.to, afterMs: durationMs(escalate.after) } : null,
  };
}

/** How long a value must stay valid after its last use: as long as the tokens that were signed with it. Milliseconds. */
export function drainMsOf(config: Config, credential: string, { settings }: ProcedureDescriptor): number {
  const engine = engineOf(config, credential);
  return engine.kind === 'document-engine' && 'jwt' in settings ? durationMs(engine.jwt.tokenLifetime) : 0;
}

/**
 * What no other credential may own, for instance `docuelevate:https://docs.example.com#openai_api_key`.
 * @throws UserError when there is no such credential
 */
export function claimsOf(config: Config, credential: string, descriptor: ProcedureDescriptor): string[] {
  const engine = engineOf(config, credential);
  const settings = Object.keys(descriptor.settings).map((setting) => claimOf(engine, setting));
  const account = accountClaimOf(descriptor.provider, credentialOf(config, credential).provider);
  return account === null ? settings : [...settings, account];
}

/** Identifies an account that belongs to one credential as a whole; null for other accounts. Equal accounts have equal texts. */
export function accountClaimOf(provider: string, section: unknown): string | null {
  const known = providerOf(provider);
  return known.exclusive && known.account.safeParse(section).success ? `${provider}:${known.identity(section)}` : null;
}

/** Identifies one setting of one engine. Equal settings have equal texts. */
export function claimOf({ kind, url }: { readonly kind: string; readonly url: string }, setting: string): string {
  return `${kind}:${url}#${setting}`;
}

/**
 * Engine and provider account, for instance `docuelevate https://docs.example.com / openai https://api.openai.com/v1 proj_abc`.
 * @throws UserError when there is no such credential
 */
export function accountOf(config: Config, credential: string, descriptor: ProcedureDescriptor): string {
  const { kind, url } = engineOf(config, credential);
  const { provider } = credentialOf(config, credential);
  return `${kind} ${url} / ${descriptor.provider} ${providerOf(descriptor.provider).identity(provider)}`;
}

/** @throws UserError when there is no such credential */
export function credentialOf(config: Config, name: string): Credential {
  return entryOf(config.credentials, name, 'credential');
}

/** The engine that uses a credential. Throws a UserError when there is no such credential. */
export function engineOf(config: Config, credential: string): Engine {
  return entryOf(config.engines, credentialOf(config, credential).engine, 'engine');
}

function entryOf<T>(section: Readonly<Record<string, T>>, name: string, what: string): T {
  const entry = Object.hasOwn(section, name) ? section[name] : undefined;
  if (entry !== undefined) return entry;
  throw new UserError(`There is no ${what} "${name}" in the configuration${didYouMean(name, Object.keys(section))}`, {
    state: 'Nothing was changed.',
    next: `Use a name from the configuration, or add the ${what} to it.`,
  });
}
