import { attended } from '../activities/shared/attended.js';
import { createDeploymentActivities, type Deployment } from '../activities/deployment/activities.js';
import { Turns } from '../activities/deployment/turns.js';
import { createDocuElevateActivities, type DocuElevateDeps } from '../activities/docuelevate/activities.js';
import { Sessions } from '../activities/docuelevate/session.js';
import { createDeliveryActivities } from '../activities/delivery/activities.js';
import type { Secrets } from '../activities/kit/provider.js';
import { providers } from '../activities/providers.js';
import { type Configured, createSchedulesActivities } from '../activities/schedules/activities.js';
import { createVersionsActivities } from '../activities/versions/activities.js';
import { environment } from '../src/config/load.js';
import {
  accountOf,
  claimsOf,
  credentialOf,
  engineOf,
  isInEnvironment,
  rotationPolicyOf,
  taskPolicyOf,
} from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import { resolveSecret } from '../src/fields/secret-ref.js';
import { deliveredPart, issuesItself } from '../src/domain/procedure.js';
import type { RotationInput, RotationRequest } from '../src/domain/rotation.js';
import { UserError } from '../src/domain/user-error.js';
import { emailChannel } from '../src/notifications/email.js';
import type { Channel } from '../src/domain/notice.js';
import { webhookChannel } from '../src/notifications/webhook.js';
import { schedulePlanOf } from '../src/config/schedule-plan.js';
import type { Group } from '../src/store/records.js';
import type { Store } from '../src/store/store.js';
import { descriptorOf, entryOf } from './descriptor.js';
import { composeVerification } from './verification.js';

/** Builds every system's activities from the configuration: the only place that creates clients. */
export function composeSystems(config: Config, opened: Store, now: () => number = Date.now) {
  const store = attended(opened);
  const issuing = composeProviders(config, store);
  const outside = composeOutside(config, store);
  const issuers = { 'document-engine': issuing['document-engine'] };
  const { docuelevate, deployment } = outside;
  const asked = { now, docuelevate, deployment, issuers, providers: issuing };
  return { ...issuing, ...outside, verification: composeVerification(config, store, asked) };
}

function composeOutside(config: Config, store: Store) {
  const docuelevate = docuElevateDeps(config, store);
  return {
    versions: createVersionsActivities({
      store,
      credential(name) {
        const descriptor = descriptorOf(config, name);
        const account = accountOf(config, name, descriptor);
        return {
          row: { name, procedure: descriptor.id, account },
          claims: claimsOf(config, name, descriptor),
          policy: rotationPolicyOf(config, name, descriptor),
        };
      },
    }),
    schedules: createSchedulesActivities({ store, configured: (name) => configuredSchedule(config, name) }),
    delivery: createDeliveryActivities({
      store,
      environment,
      deliveries(credential) {
        const descriptor = descriptorOf(config, credential);
        const { deliver: targets = [] } = credentialOf(config, credential);
        return { targets, part: deliveredPart(descriptor) ?? '', feedsEngine: issuesItself(descriptor) };
      },
    }),
    docuelevate: createDocuElevateActivities(docuelevate),
    deployment: createDeploymentActivities({
      ...{ ...docuelevate, environment, upWithinMs, watchMs, gatherMs },
      deployment: (credential) => deploymentOf(config, credential),
      turns: new Turns(),
      tasks: (credential) => taskPolicyOf(config, credential),
    }),
  };
}

function docuElevateDeps(config: Config, store: Store): DocuElevateDeps {
  const secret = secretsOf(store);
  return {
    store,
    sessions: new Sessions(),
    async engine(credential) {
      const { url, admin, keptDocument, testMailTo } = docuElevateOf(config, credential);
      const { settings, optionalParts, fallback } = descriptorOf(config, credential);
      const inEnvironment = isInEnvironment(config, credential);
      const feeds = { settings, optionalParts, fallback, keptDocument, testMailTo, inEnvironment };
      return { url, username: admin.username, password: () => secret(admin.password), ...feeds };
    },
  };
}

const upWithinMs = 60_000; // API and worker were up after 7 seconds at most; a slow machine gets eight times that
const gatherMs = 60_000; // rotations of one window begin within seconds; one that waits for a person gets a restart of its own
const watchMs = 5 * 60_000; // to a prompt, and through the start of every container

function deploymentOf(config: Config, credential: string): Deployment {
  const { engine: name } = credentialOf(config, credential);
  const { envFile = null, restart = null } = docuElevateOf(config, credential).deployment ?? {};
  const credentials = Object.keys(config.credentials).filter(
    (each) => credentialOf(config, each).engine === name && isInEnvironment(config, each),
  );
  return { engine: name, envFile, restart, credentials };
}

function docuElevateOf(config: Config, credential: string) {
  const engine = engineOf(config, credential);
  if (engine.kind === 'docuelevate') return engine;
  throw new Error(`${credential} is not used by DocuElevate`);
}

export type Systems = ReturnType<typeof composeSystems>;

type ProviderSystems = { readonly [S in keyof typeof providers]: ReturnType<(typeof providers)[S]['activities']> };

function composeProviders(config: Config, store: Store): ProviderSystems {
  const deps = { store, secret: secretsOf(store), entry: (credential: string) => entryOf(config, credential) };
  const entries = Object.entries(providers).map(([system, provider]) => [system, provider.activities(deps)] as const);
  return Object.fromEntries(entries) as unknown as ProviderSystems; // each under its own key
}

/** The notification channels of the configuration. */
export function composeChannels({ notifications }: Pick<Config, 'notifications'>, store: Store): Channel[] {
  const secret = secretsOf(store);
  const { installation } = store;
  const webhook = notifications?.webhook;
  const email = notifications?.email;
  const password = email?.password;
  return [
    ...(webhook ? [webhookChannel({ url: webhook.url, installation, secret: () => secret(webhook.secret) })] : []),
    ...(email ? [emailChannel({ ...email, password: password ? () => secret(password) : null })] : []),
  ];
}

/** A dead worker is noticed after this long. A slow provider is not mistaken for one. */
const heartbeatMs = 10_000;

/** The input of a rotation of this credential. */
export function inputOf(credential: string, request: RotationRequest): RotationInput {
  return { credential, request, timing: { heartbeatMs } };
}

/** What a scheduled rotation has to know; null when the configuration does not have the credential. */
function configuredSchedule(config: Config, credential: string): Configured | null {
  if (!Object.hasOwn(config.credentials, credential)) return null;
  const descriptor = descriptorOf(config, credential);
  const { workflow, section, engine, provider } = descriptor;
  return {
    plan: schedulePlanOf(config, credential, descriptor),
    groups: groupsOf(config, credential),
    beginning: (request) => ({ workflow, section, engine, provider, input: inputOf(credential, request) }),
  };
}

/** The credentials that share its provider, and those that share its engine, each group with its limit. */
function groupsOf(config: Config, credential: string): Group[] {
  const names = Object.keys(config.credentials);
  const providerOf = (name: string) => descriptorOf(config, name).provider;
  const engineNameOf = (name: string) => credentialOf(config, name).engine;
  return [
    {
      credentials: names.filter((name) => providerOf(name) === providerOf(credential)),
      limit: config.limits.perProvider,
    },
    {
      credentials: names.filter((name) => engineNameOf(name) === engineNameOf(credential)),
      limit: config.limits.perEngine,
    },
  ];
}

/** Resolves secret references at each use, those to other credentials by their current version. */
export function secretsOf(store: Store): Secrets {
  return (ref, shape) =>
    resolveSecret(
      ref,
      {
        environment,
        async credential(name, part) {
          const current = (await store.versions(name)).find(({ state }) => state === 'current');
          const parts = current && (await store.unseal(current));
          const value = parts && (part === undefined ? Object.values(parts)[0] : parts[part]);
          if (value !== undefined) return value;
          throw new UserError(
            `Credential ${name} has no current version${part === undefined ? '' : ` with a part "${part}"`}`,
            {
              state: 'Another entry of the configuration uses it as its secret.',
              next: `Adopt it first: keyturn adopt ${name}`,
            },
          );
        },
      },
      shape,
    );
}
