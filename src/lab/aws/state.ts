import { randomBytes } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { Clock } from '../clock.js';
import { createLastUse, type LastUse, type UsageOptions } from '../last-use.js';
import { knownAt, lateness, type PropagationOptions } from '../propagation.js';
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
  /** When S3 accepts the key, Unix milliseconds. STS needs half the propagation delay. */
  readonly propagatedAt: number;
  active: boolean;
  deleted: boolean;
  /** Until when a deactivated or deleted key is still accepted, Unix milliseconds. */
  acceptedUntil: number;
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

function keeping({ clock, propagationMs = 0, deletionLagMs = 0, lateEvery = 1, ...usage }: StateOptions) {
  const keys: AccessKey[] = [];
  const keysOf = (user: User): AccessKey[] => keys.filter((key) => key.user === user && !key.deleted);
  function keepAccepting(key: AccessKey): void {
    if (key.active && !key.deleted) key.acceptedUntil = knownAt(clock, deletionLagMs);
  }
  return {
    keys,
    keysOf,
    create(user: User, by: User | null): AccessKey | null {
      if (keysOf(user).length >= quota) return null;
      const propagatedAt = by ? knownAt(clock, propagationMs) : Number.NEGATIVE_INFINITY;
      const key: AccessKey = {
        ...{ user, id: newId('AKIA'), secret: newSecret(), madeBy: by, createdAt: clock(), propagatedAt },
        ...{
          active: true,
          deleted: false,
          acceptedUntil: Number.NEGATIVE_INFINITY,
          lastUse: createLastUse<Use>(clock, usage),
        },
      };
      keys.push(key);
      return key;
    },
    switchTo(key: AccessKey, active: boolean): void {
      if (!active) keepAccepting(key);
      key.active = active;
    },
    remove(key: AccessKey): void {
      keepAccepting(key);
      key.deleted = true;
    },
    accepts(key: AccessKey, service: Service, request?: Incoming): boolean {
      return lateness(request, { lateEvery }).some((isLate) => isAccepted(key, service, isLate ? clock() : Infinity));
    },
  };
}

/** A late server sees the state as propagated by `now`. Other servers see the final state: the caller passes Infinity. */
function isAccepted(key: AccessKey, service: Service, now: number): boolean {
  const { active, deleted, propagatedAt, createdAt, acceptedUntil } = key;
  const known = service === 's3' ? propagatedAt : Math.min(propagatedAt, (propagatedAt + createdAt) / 2);
  return (active && !deleted && known <= now) || acceptedUntil > now;
}

function newId(kind: 'AKIA' | 'ASIA'): string {
  return kind + randomBytes(10).toString('hex').toUpperCase().slice(0, 16);
}

function newSecret(): string {
  return randomBytes(30).toString('base64');
}
