import type { Arrival } from '../arrival.js';
import type { Incoming } from '../routes.js';
import type { UsageOptions } from '../last-use.js';
import type { PropagationOptions } from '../propagation.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { answerObject } from './objects.js';
import { actionOf, answerQuery } from './query.js';
import type { Credentials } from './signature.js';
import { type AccessKey, type AwsState, createState, type User } from './state.js';

export interface AwsLabOptions extends LabOptions, UsageOptions, PropagationOptions {
  /** Propagation delay of a policy change (milliseconds by the lab's clock). */
  readonly policyLagMs?: number;
  /** Last uses are rounded down to steps of this many milliseconds; one minute when left out. */
  readonly usageStepMs?: number;
}

/** A key of the service user as AWS sees it, secret included. */
export interface AwsLabKey extends Credentials {
  readonly active: boolean;
  readonly deleted: boolean;
  /** Keyturn created it. */
  readonly ours: boolean;
  /** S3 accepts it right now. */
  readonly works: boolean;
}

export interface AwsLab extends LabServer {
  readonly account: string;
  /** The service user. */
  readonly user: string;
  readonly bucket: string;
  /** May manage the service user's keys. */
  readonly admin: Credentials;
  /** May only list them. */
  readonly powerless: Credentials;
  /** Every key that the service user ever had, oldest first. */
  keys(): AwsLabKey[];
  /** Keys of a colleague, who may also write to the bucket. */
  others(): AwsLabKey[];
  /** Names of the bucket's objects. */
  objects(): string[];
  /** Every object ever put into the bucket, in order, including deleted ones, with the id of its key or session. */
  arrivals(): readonly Arrival[];
  /** The secrets of the service user's keys that S3 accepts right now. */
  working(): string[];
  /** Sessions issued before this time are denied, Unix ms; null without a policy. */
  readonly deniedBefore: number | null;
  /** A person removes the policy that denies sessions. */
  allowSessions(): void;
  /** A person creates a key in the console. Throws when there are two. */
  createByHand(): AwsLabKey;
  deleteByHand(id: string): void;
  switchByHand(id: string, active: boolean): void;
  /** Uses a key for S3. */
  use(id: string): void;
  /** Issues temporary credentials for the user's key, or for a role that it may assume. */
  issueSession(ofRole?: boolean): Credentials & { readonly issuedAt: number };
  /** Puts AWS's clock this many milliseconds ahead of the machine's. */
  runAhead(ms: number): void;
  /** From now on the bucket is only in this region. */
  moveBucket(region: string): void;
  /** Takes the right to perform an action from the admin. */
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
  const keysOf = (user: User) => state.keys.filter((key) => key.user === user).map((key) => view(state, key));
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
    keys: () => keysOf(service),
    others: () => keysOf(colleague),
    objects: () => [...state.bucket.objects.keys()],
    arrivals: () => state.arrivals,
    working: () => keysOf(service).flatMap(({ works, secret }) => (works ? [secret] : [])),
    get deniedBefore() {
      return service.denial?.before ?? null;
    },
    createByHand: () => view(state, create(service)),
    deleteByHand: (id) => state.remove(keyOf(id)),
    switchByHand: (id, active) => state.switchTo(keyOf(id), active),
    use: (id) => keyOf(id).lastUse.note({ at: state.now(), service: 's3' }),
    issueSession: (ofRole) => state.issueSession(service, ofRole),
    forbid: (action) => void (admin.actions = admin.actions.filter((each) => each !== action)),
  };
}

function view(state: AwsState, key: AccessKey): AwsLabKey {
  const { id, secret, active, deleted, madeBy } = key;
  return { id, secret, active, deleted, ours: madeBy === state.users.admin, works: state.accepts(key, 's3') };
}

function surroundings(state: AwsState): Pick<AwsLab, 'runAhead' | 'moveBucket' | 'allowSessions'> {
  return {
    allowSessions: () => void (state.users.service.denial = null),
    runAhead: (ms) => void (state.aheadMs = ms),
    moveBucket: (region) => void (state.bucket.region = region),
  };
}

/** A person creates a key in the console. */
function createFor(state: AwsState, user: User): AccessKey {
  const key = state.create(user, null);
  if (!key) throw new Error(`${user.name} has two keys`);
  return key;
}

/** A name for a request, because all requests of the query protocol have the same path. */
function nameOf(request: Incoming): string {
  const action = actionOf(request);
  return action === null ? request.path : `/?Action=${action}`;
}
