import {
  createVerificationActivities,
  type UploadsAgain,
  type Verified,
} from '../activities/verification/activities.js';
import type { DeploymentActivities } from '../activities/deployment/activities.js';
import type { DocuElevateActivities } from '../activities/docuelevate/activities.js';
import type { EngineLook } from '../activities/docuelevate/look.js';
import type { EngineSurvey, ProviderSurvey } from '../activities/shared/survey.js';
import { engineOf, rotationPolicyOf } from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import { durationMs } from '../src/domain/duration.js';
import type { Store } from '../src/store/store.js';
import { descriptorOf } from './descriptor.js';

/** The systems to ask: providers and engines, by the name of their folder. */
interface AskedSystems {
  readonly now: () => number;
  readonly providers: Readonly<
    Record<string, { survey(credential: string, quietly?: boolean): Promise<ProviderSurvey> }>
  >;
  readonly docuelevate: Pick<DocuElevateActivities, 'look' | 'makeReload' | 'uploadAgain'>;
  readonly deployment: Pick<DeploymentActivities, 'look'>;
  /** Engines that issue their own secrets: one survey shows both sides. */
  readonly issuers: Readonly<Record<string, { survey(credential: string): Promise<EngineSurvey> }>>;
}

/** The verification of every credential of the configuration. */
export function composeVerification(config: Config, store: Store, asked: AskedSystems) {
  return createVerificationActivities({
    ...{ store, now: asked.now },
    verified: (credential) =>
      Object.hasOwn(config.credentials, credential) ? verifiedOf(config, credential, asked) : null,
    credentialsOf: (engine) =>
      Object.entries(config.credentials)
        .filter(([, credential]) => credential.engine === engine)
        .map(([name]) => name),
  });
}

function verifiedOf(
  config: Config,
  credential: string,
  { providers, docuelevate, deployment, issuers }: AskedSystems,
): Verified {
  const descriptor = descriptorOf(config, credential);
  const { usage = null, environment } = rotationPolicyOf(config, credential, descriptor);
  const { use = null, engine, provider } = descriptor;
  const checkedEveryMs = use?.checkedEvery === undefined ? null : durationMs(use.checkedEvery);
  const account = providers[provider];
  if (!account) throw new Error(`no provider is called ${provider}`);
  const issuer = issuers[engine];
  return {
    ...{ terms: { checkedEveryMs, usage }, use },
    survey: (quietly) => account.survey(credential, quietly),
    look: issuer
      ? async ({ version: { number } }) => ownLook(await issuer.survey(credential), number)
      : environment
        ? deployment.look
        : docuelevate.look,
    uploadAgain: uploadsOf(config, credential, docuelevate),
    makeReload: issuer || environment ? null : docuelevate.makeReload,
  };
}

function uploadsOf(config: Config, credential: string, docuelevate: AskedSystems['docuelevate']): UploadsAgain | null {
  const { use } = descriptorOf(config, credential);
  const engine = engineOf(config, credential);
  const document = engine.kind === 'docuelevate' ? engine.keptDocument : undefined;
  if (document === undefined || !use?.overwrites) return null;
  const { step } = use;
  const everyMs = durationMs(config.verification.every);
  return {
    everyMs: everyMs === 0 ? null : everyMs,
    upload: () => docuelevate.uploadAgain({ credential, document, step }),
  };
}

/** For an engine's own secret: reads its list, and nothing of its documents. */
function ownLook({ settings }: EngineSurvey, number: number): EngineLook {
  return {
    settings: settings.map(({ key, version, changed }) => ({
      ...{ key, changed: changed ?? 'by somebody' },
      sight: version === number ? ('ours' as const) : ('edited' as const),
    })),
    ...{ documents: null, line: null, changes: {}, hasOther: true },
  };
}
