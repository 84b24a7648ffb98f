import { engineOf } from '../../config/policy.js';
import type { Config } from '../../config/schema.js';
import { environmentOf } from '../session/environment.js';
import type { Session } from '../session/session.js';
import type { Check } from './check.js';

function readsEnvironmentFile(config: Config, credential: string): boolean {
  const engine = engineOf(config, credential);
  return engine.kind === 'docuelevate' && engine.deployment?.envFile !== undefined;
}

/** Warns about a value that a restart of the engine may bring back. */
export async function* environmentCheck(session: Session, credential: string): AsyncGenerator<Check> {
  if (readsEnvironmentFile(session.config, credential)) return; // `deployment` has looked at what it really holds
  const left = await environmentOf(session, credential);
  if (!left) return;
  const { settings, version, isCurrent, deliver } = left;
  const names = settings.join(' and ');
  const when = 'a worker of DocuElevate that starts while its Redis is empty uses it';
  const detail = isCurrent
    ? `${names} came from DocuElevate's environment. After a rotation it still holds the value of version ${version}, and ${when}`
    : `${names}: DocuElevate's environment still holds the value of version ${version}, as far as Keyturn knows, and ${when}`;
  const add = deliver === null ? [] : [`add to ${credential} in the configuration: ${deliver}`];
  const renew = isCurrent ? [] : [`rotate once more, which writes the new value there: keyturn rotate ${credential}`];
  const next = [...add, ...renew].join('; then ');
  yield {
    ...{ what: `${credential}: environment`, ok: true, warning: true, detail },
    next: next.charAt(0).toUpperCase() + next.slice(1),
  };
}
