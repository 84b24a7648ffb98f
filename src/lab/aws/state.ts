import { randomBytes } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { Clock } from '../clock.js';
import { createLastUse, type LastUse, type UsageOptions } from '../last-use.js';
import { createPropagation, type Propagated, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';
import type { Service } from './signature.js';

export interface User {
  readonly name: string;
  readonly arn: string;
  /** Allowed actions, in the notation of policies. */
  actions: readonly string[];
  /** Its inline policy that denies sessions; null without one. */
  denial: Denial | null;
}

/** A policy that denies everything to sessions issued before a time, effective from `knownAt`. Unix milliseconds. */
export interface Denial {
  readonly name: string;
  readonly before: number;
  readonly knownAt: number;
}

export interface Use {
  readonly at: number;
  readonly service: Service;
}

export interface AccessKey {
  readonly user: User;
  readonly id: string;
  readonly secret: string;
  /** Who created it; null for an earlier key. */
  readonly madeBy: User | null;
  readonly createdAt: number;
  active: boolean;
  deleted: boolean;
  /** What S3's servers know of it. A deactivated key is as good as deleted. STS needs half the propagation delay. */
  readonly known: Propagated;
  readonly lastUse: LastUse<Use>;
}

/** Temporary credentials: they outlive the key that they were issued with. */
export interface Session {
  readonly user: User;
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly issuedAt: number;
  /** Issued for a role that the user assumed, to which the user's policies do not apply. */
  readonly ofRole: boolean;
}

export interface AwsState {
  readonly account: string;
  /** The service user whose keys are rotated, a user that may manage them, one that may only list them, and a colleague. */
  readonly users: { readonly service: User; readonly admin: User; readonly powerless: User; readonly colleague: User };
  readonly bucket: {
    readonly name: string;
    /** Null for a bucket that answers in every region. */
    region: string | null;
    readonly objects: Map<string, Buffer>;
  };
  /** Every object that was put, in order, with the id of its key or session. */
  readonly arrivals: Arrival[];
  /** Every key ever created, oldest first. */
  readonly keys: readonly AccessKey[];
  readonly sessions: readonly Session[];
  /** Times of last uses are rounded down to steps of this length, milliseconds. */
  readonly usageStepMs: number;
  /** By how much AWS's clock is ahead of this machine's, which signs requests, in milliseconds. */
  aheadMs: number;
  now(): number;
  /** Null when the user already has two keys, the maximum. Deactivated keys count. */
  create(user: User, by: User | null): AccessKey | null;
  switchTo(key: AccessKey, active: boolean): void;
  remove(key: AccessKey): void;
  issueSession(user: User, ofRole?: boolean): Session;
  /** Puts an inline policy that denies a user's sessions issued before a time, Unix milliseconds. */
  deny(user: User, policy: Pick<Denial, 'name' | 'before'>): void;
  /** The user's keys that are not deleted, oldest first. */
  keysOf(user: User): AccessKey[];
  /** Whether a service accepts a key right now at the server that received `request`, or at any server when that is left out. */
  accepts(key: AccessKey, service: Service, request?: Incoming): boolean;
}

export interface StateOptions extends UsageOptions, PropagationOptions {
  readonly clock: Clock;
  /** Propagation delay of a policy change, in milliseconds by the clock. */
  readonly policyLagMs?: number;
  /** Last uses are rounded down to steps of this many milliseconds; one minute when left out. */
  readonly usageStepMs?: number;
}

const quota = 2;
const managing = [
  'iam:CreateAccessKey',
  'iam:ListAccessKeys',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
  'iam:PutUserPolicy',
  'iam:GetUserPolicy',
  'iam:GetUser',
  'iam:SimulatePrincipalPolicy',
];
const objects = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'];

export function createState(options: StateOptions): AwsState {
  const { clock, policyLagMs = 0, usageStepMs = 60_000 } = options;
  const account = String(randomBytes(6).readUIntBE(0, 6) % 1e12).padStart(12, '7');
  const sessions: Session[] = [];
  const newUser = (name: string, actions: readonly string[], path = '/'): User => ({
    ...{ name, actions, denial: null },
    arn: `arn:aws:iam::${account}:user${path}${name}`,
  });
  return {
    account,
    users: {
      service: newUser('docuelevate-s3', objects, '/applications/'),
      admin: newUser('keyturn', managing),
      powerless: newUser('auditor', ['iam:ListAccessKeys']),
      colleague: newUser('colleague', objects),
    },
    bucket: { name: 'documents', region: null, objects: new Map() },
    ...{ sessions, usageStepMs, arrivals: [], aheadMs: 0 },
    now: clock,
    issueSession(user, ofRole = false) {
      const session = { user, id: newId('ASIA'), secret: newSecret(), token: newSecret(), issuedAt: clock(), ofRole };
      sessions.push(session);
      return session;
    },
    deny(user, policy) {
      user.denial = { ...policy, knownAt: clock() + policyLagMs };
    },
    ...keeping(options),
  };
}

function keeping(options: StateOptions) {
  const { clock } = options;
  const propagation = createPropagation(clock, options);
  const keys: AccessKey[] = [];
  const keysOf = (user: User): AccessKey[] => keys.filter((key) => key.user === user && !key.deleted);
  return {
    keys,
    keysOf,
    create(user: User, by: User | null): AccessKey | null {
      if (keysOf(user).length >= quota) return null;
      const key: AccessKey = {
        ...{
          user,
          id: newId('AKIA'),
          secret: newSecret(),
          madeBy: by,
          createdAt: clock(),
          active: true,
          deleted: false,
        },
        ...{ known: propagation.begin(by === null), lastUse: createLastUse<Use>(clock, options) },
      };
      keys.push(key);
      return key;
    },
    switchTo(key: AccessKey, active: boolean): void {
      if (active) key.known.deleted = key.deleted;
      else if (!key.known.deleted) propagation.end(key.known);
      key.active = active;
    },
    remove(key: AccessKey): void {
      if (!key.known.deleted) propagation.end(key.known);
      key.deleted = true;
    },
    accepts: (key: AccessKey, service: Service, request?: Incoming): boolean =>
      propagation.accepts({ ...key.known, propagatedAt: knownTo(service, key) }, request),
  };
}

function knownTo(service: Service, { known: { propagatedAt }, createdAt }: AccessKey): number {
  return service === 's3' ? propagatedAt : Math.min(propagatedAt, (propagatedAt + createdAt) / 2);
}

function newId(kind: 'AKIA' | 'ASIA'): string {
  return kind + randomBytes(10).toString('hex').toUpperCase().slice(0, 16);
}

function newSecret(): string {
  return randomBytes(30).toString('base64');
}
