import type { Incoming } from '../routes.js';
import type { UsageOptions } from '../last-use.js';
import type { PropagationOptions } from '../propagation.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { answerObject } from './objects.js';
import { actionOf, answerQuery } from './query.js';
import type { Credentials } from './signature.js';
import { type AccessKey, type AwsState, createState, type Put, type User } from './state.js';

export interface AwsLabOptions extends LabOptions, UsageOptions, PropagationOptions {
  /** How long a change of a policy takes until it is known (milliseconds by the lab's clock). */
  readonly policyLagMs?: number;
  /** Last uses are told in whole steps of so many milliseconds: minutes when left out. */
  readonly usageStepMs?: number;
}

/** A key of the service user as AWS sees it, secret included. */
export interface AwsLabKey extends Credentials {
  readonly active: boolean;
  readonly deleted: boolean;
  /** Keyturn made it. */
  readonly ours: boolean;
  /** S3 lets it through right now. */
  readonly works: boolean;
}

export interface AwsLab extends LabServer {
  readonly account: string;
  /** The service user. */
  readonly user: string;
  readonly bucket: string;
  /** May manage the service user's keys. */
  readonly admin: Credentials;
  /** May list them and nothing more. */
  readonly powerless: Credentials;
  /** Every key that the service user ever had, oldest first. */
  keys(): AwsLabKey[];
  /** Those of a colleague, who may write to the bucket as well. */
  others(): AwsLabKey[];
  /** Names of the bucket's objects. */
  objects(): string[];
  /** Every object that was put into it, in order, also what is gone again. */
  puts(): readonly Put[];
  /** The time of what sessions are denied, Unix ms; null without a policy. */
  readonly deniedBefore: number | null;
  /** Somebody takes the policy away that denies sessions. */
  allowSessions(): void;
  /** Somebody makes a key in the console. Throws when there are two. */
  createByHand(): AwsLabKey;
  deleteByHand(id: string): void;
  switchByHand(id: string, active: boolean): void;
  /** Somebody uses a key for S3. */
  use(id: string): void;
  /** Somebody who holds a key gets temporary credentials for it, or for a role that it may assume. */
  issueSession(ofRole?: boolean): Credentials & { readonly issuedAt: number };
  /** The machine's clock is behind AWS's by so many milliseconds. */
  runAhead(ms: number): void;
  /** The bucket is in this region alone. */
  moveBucket(region: string): void;
  /** Takes the right to do something from the admin. */
  forbid(action: string): void;
}

/** IAM, STS and one bucket of S3, on one address. */
export async function startAwsLab(options: AwsLabOptions = {}): Promise<AwsLab> {
  const state = createState({ clock: Date.now, ...options });
  const { service, admin, powerless, colleague } = state.users;
  const answer = (request: Incoming) => {
    const action = actionOf(request);
    return action === null ? answerObject(state, request) : answerQuery(state, request, action);
  };
  const server = await serve(answer, { ...options, nameOf });
  const seen = (key: AccessKey): AwsLabKey => {
    const { id, secret, active, deleted, madeBy } = key;
    return { id, secret, active, deleted, ours: madeBy === admin, works: state.accepts(key, 's3') };
  };
  const keyOf = (id: string): AccessKey => {
    const key = state.keys.find((each) => each.id === id);
    if (!key) throw new Error('there is no such key');
    return key;
  };
  const create = (user: User): AccessKey => createFor(state, user);
  create(colleague);
  return {
    ...server,
    ...surroundings(state),
    ...{ account: state.account, user: service.name, bucket: state.bucket.name },
    admin: create(admin),
    powerless: create(powerless),
    keys: () => state.keys.filter(({ user }) => user === service).map(seen),
    others: () => state.keys.filter(({ user }) => user === colleague).map(seen),
    objects: () => [...state.bucket.objects.keys()],
    puts: () => state.puts,
    get deniedBefore() {
      return service.denial?.before ?? null;
    },
    createByHand: () => seen(create(service)),
    deleteByHand: (id) => state.remove(keyOf(id)),
    switchByHand: (id, active) => state.switchTo(keyOf(id), active),
    use: (id) => keyOf(id).lastUse.note({ at: state.now(), service: 's3' }),
    issueSession: (ofRole) => state.issueSession(service, ofRole),
    forbid: (action) => void (admin.actions = admin.actions.filter((each) => each !== action)),
  };
}

function surroundings(state: AwsState): Pick<AwsLab, 'runAhead' | 'moveBucket' | 'allowSessions'> {
  return {
    allowSessions: () => void (state.users.service.denial = null),
    runAhead: (ms) => void (state.aheadMs = ms),
    moveBucket: (region) => void (state.bucket.region = region),
  };
}

/** Somebody makes it in the console. */
function createFor(state: AwsState, user: User): AccessKey {
  const key = state.create(user, null);
  if (!key) throw new Error(`${user.name} has two keys`);
  return key;
}

/** What tells requests apart whose address is always the same. */
function nameOf(request: Incoming): string {
  const action = actionOf(request);
  return action === null ? request.path : `/?Action=${action}`;
}
