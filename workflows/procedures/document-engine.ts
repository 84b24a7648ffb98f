import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import type { Run } from '../rotation/procedure.js';
import { documentEngine, versions } from '../systems.js';

/** What differs between the steps of the three secrets: the guide has one section for all of them. */
interface Secret {
  readonly noun: 'key' | 'password' | 'base';
  /** Titles of its checks. `of` is for instance "the new key" or "version 3". */
  readonly accepted: (of: string) => string;
  readonly refused: (of: string) => string;
  readonly used: string;
  readonly unused: string;
  /** No request can use it, so it is only looked up in the list. */
  readonly onlyListed?: true;
  /** Others may use the value besides the engine's own users. */
  readonly mayBeShared?: true;
}

const common = {
  engine: 'document-engine',
  provider: 'document-engine',
  overlap: 'both-valid',
  needsAdoption: true,
} as const satisfies Partial<ProcedureDescriptor>;

export const rotateDocumentEngineJwt = rotationOf(
  {
    ...common,
    id: 'document-engine-jwt',
    section: 'Public key for authenticating JWT payloads',
    settings: { jwt: 'publicKey' },
    delivers: 'privateKey',
    every: '90 days',
    workflow: 'rotateDocumentEngineJwt',
    outlives:
      'open viewer sessions: a viewer swaps its token for a session, which may stay open. POST /api/revoke ends the sessions of tokens with a jti',
  },
  {
    noun: 'key',
    accepted: (of) => `Document Engine accepts a token signed with ${of}`,
    refused: (of) => `A token signed with ${of} is refused`,
    used: 'The signer signs with the key',
    unused: 'Tokens signed with the old key have passed',
    mayBeShared: true,
  },
);

export const rotateDocumentEngineDashboardPassword = rotationOf(
  {
    ...common,
    id: 'document-engine-dashboard-password',
    section: 'Dashboard password',
    settings: { dashboard_password: 'password' },
    delivers: 'password',
    every: '90 days',
    workflow: 'rotateDocumentEngineDashboardPassword',
  },
  {
    noun: 'password',
    accepted: (of) => `The dashboard accepts ${of}`,
    refused: (of) => `The dashboard refuses ${of}`,
    used: 'Somebody uses the password',
    unused: 'Nobody uses the old password',
  },
);

export const rotateDocumentEngineSecretKeyBase = rotationOf(
  {
    ...common,
    id: 'document-engine-secret-key-base',
    section: 'Secret keybase',
    settings: { secret_key_base: 'secret' },
    every: '180 days',
    workflow: 'rotateDocumentEngineSecretKeyBase',
    refusal: 'not-observable',
    ends: 'Dashboard sessions, whose keys derive from the old base: people have to sign in again.',
  },
  {
    noun: 'base',
    accepted: (of) => `Document Engine is well and has ${of}`,
    refused: (of) => `The list no longer has ${of}`,
    used: 'Somebody uses the base',
    unused: 'Nothing uses the old base',
    onlyListed: true,
  },
);

function rotationOf(descriptor: ProcedureDescriptor, secret: Secret) {
  const { noun, accepted, refused, used, unused, onlyListed, mayBeShared } = secret;
  const { accepts, refuses } = documentEngine;
  return defineRotation(descriptor, {
    ...{ accepts, refuses },

    async adopt(run, version) {
      if (!onlyListed) await run.check(accepted(`the ${noun}`), accepts(version));
      await run.step(`Find the current ${noun} in the list`, documentEngine.identifySecret(version));
    },

    replace: (run) => add(run, secret),

    async verify(run, version) {
      await run.check(used, documentEngine.sawUse(version));
      await run.check('A test document is processed', documentEngine.processTestDocument(version));
      await run.check(accepted(`the ${noun}`), accepts(version));
      await run.check(`Document Engine lists the ${noun}`, documentEngine.isListed(version));
    },

    /** Guide, "Rotating secrets" and "Expiring existing secrets". */
    async retire(run, old) {
      if (mayBeShared) await run.check(`Nothing else uses the old ${noun}`, versions.soleUser(old), { whenNot: 'ask' });
      await run.check(unused, documentEngine.isIdle(old), { whenNot: 'ask' });
      await run.check(`The new ${noun} is seen in use`, seen(run), { whenNot: 'ask' });
      await run.step(`Make the new ${noun} current`, documentEngine.makeCurrent({ version: run.next, former: old }));
      await run.step(`Expire the old ${noun}`, documentEngine.expireSecret(old));
      await run.check(refused(`the old ${noun}`), refuses(old));
      await run.step(`Let go of what was added for the new ${noun}`, documentEngine.dropSpare(run.next));
      await run.check(accepted(`the new ${noun} all the same`), accepts(run.next));
    },

    async contain(run, targets) {
      await run.step(`Make a ${noun} current that nobody holds`, documentEngine.displace(run.next));
      await run.step(`Expire every other ${noun}`, documentEngine.expireOthers(run.next));
      for (const target of targets) {
        await run.check(refused(`version ${target.number}`), refuses(target));
        await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
      }
    },
  });
}

/** Guide, "Adding a new secret". Adds the former value as well: what a rotation does to it is not documented. */
async function add(run: Run, { noun, accepted, onlyListed }: Secret): Promise<void> {
  await run.step('Make sure that a restart keeps the secrets', documentEngine.requireKept(run.next));
  await run.step(`Generate a new ${noun}`, documentEngine.generate(run.next));
  if (run.current) await run.step(`Add the former ${noun} beside itself`, documentEngine.addSecret(run.current));
  await run.step(`Add the new ${noun}`, documentEngine.addSecret(run.next), {
    undo: documentEngine.expireSecret(run.next),
  });
  if (!onlyListed) await run.check(accepted(`the new ${noun}`), documentEngine.accepts(run.next));
  if (run.current) return;
  await run.step(`Make the new ${noun} current`, documentEngine.makeCurrent({ version: run.next, former: null }));
  await run.step(`Expire every other ${noun}`, documentEngine.expireOthers(run.next));
}
