import { createRequire } from 'node:module';
import type * as Iam from '@aws-sdk/client-iam';
import type * as S3Library from '@aws-sdk/client-s3';
import type * as Sts from '@aws-sdk/client-sts';
import { durationMs } from '../../src/domain/duration.js';
import { OutsideError } from '../shared/outside-error.js';
import { isForbidden, isGone, ofAdmin, told } from './refusals.js';
import type { AwsSection } from './section.js';
import { transportOf } from './transport.js';

/** The libraries are loaded when AWS is asked, because every command loads this. */
const load = createRequire(import.meta.url);

/** An access key's id and secret. */
export interface Pair {
  readonly id: string;
  readonly secret: string;
}

export interface ListedKey {
  readonly id: string;
  readonly active: boolean;
  readonly createdAt: Date | undefined;
}

/** Manages the service user's keys, and asks STS and S3 with one. It retries nothing: the runner decides about retries. */
export class AwsClient {
  readonly section: AwsSection;
  /** The admin key. Null: the role of this machine. */
  readonly #admin: (() => Promise<Pair>) | null;
  /** When AWS last answered, by its own clock (Unix seconds). */
  providerTime: number | undefined;

  constructor(section: AwsSection, admin: (() => Promise<Pair>) | null) {
    this.section = section;
    this.#admin = admin;
  }

  get propagationMs(): number {
    return durationMs(this.section.propagation);
  }

  /** Every key of the user, including inactive ones, which count for the quota. */
  keys(): Promise<ListedKey[]> {
    return this.#managed('listAccessKeys', async (iam) => {
      const keys = new Map<string, ListedKey>();
      for await (const page of iam.paginateListAccessKeys(this.#user())) {
        const before = keys.size;
        for (const { AccessKeyId: id = '', Status, CreateDate: createdAt } of page.AccessKeyMetadata ?? [])
          keys.set(id, { id, active: Status === 'Active', createdAt });
        if (keys.size === before || keys.size > mostKeys) break;
      }
      return [...keys.values()];
    });
  }

  /** Creates a key. After a lost answer the orphan is known only by its absence from an earlier list. */
  async createKey(): Promise<Pair> {
    const { AccessKey } = await this.#managed('createAccessKey', (iam) => iam.createAccessKey(this.#user()));
    const { AccessKeyId: id, SecretAccessKey: secret } = AccessKey ?? {};
    if (id && secret) return { id, secret };
    throw new OutsideError('AWS IAM', 'createAccessKey', { code: 'UNEXPECTED_ANSWER' });
  }

  /** False when there is no such key. AWS answers the same when the user is gone, and then no key is left either. */
  async switchKey(id: string, Status: 'Active' | 'Inactive'): Promise<boolean> {
    const change = { ...this.#user(), AccessKeyId: id, Status };
    return (await this.#managed('updateAccessKey', (iam) => iam.updateAccessKey(change)).catch(gone)) !== undefined;
  }

  /** False when there was no such key. */
  async deleteKey(id: string): Promise<boolean> {
    const key = { ...this.#user(), AccessKeyId: id };
    return (await this.#managed('deleteAccessKey', (iam) => iam.deleteAccessKey(key)).catch(gone)) !== undefined;
  }

  /** Unix seconds by AWS's clock, in whole minutes. Null when it knows of no use, undefined when there is no such key. */
  async lastUsed(AccessKeyId: string): Promise<number | null | undefined> {
    const shown = await this.#tell('getAccessKeyLastUsed', (iam) => iam.getAccessKeyLastUsed({ AccessKeyId })).catch(
      gone,
    );
    if (!shown) return undefined;
    const at = shown.AccessKeyLastUsed?.LastUsedDate;
    return at ? Math.floor(at.getTime() / 1000) : null;
  }

  /** Attaches an inline policy to the user. It replaces an earlier one of the same name. */
  async putPolicy(name: string, document: object): Promise<void> {
    const policy = { ...this.#user(), PolicyName: name, PolicyDocument: JSON.stringify(document) };
    await this.#tell('putUserPolicy', (iam) => iam.putUserPolicy(policy));
  }

  /** Whether the user has an inline policy of this name. */
  async hasPolicy(PolicyName: string): Promise<boolean> {
    const policy = { ...this.#user(), PolicyName };
    return (await this.#tell('getUserPolicy', (iam) => iam.getUserPolicy(policy)).catch(gone)) !== undefined;
  }

  /** The service user's ARN, which may contain a path. Null where Keyturn lacks the permission. */
  async userArn(): Promise<string | null> {
    const shown = await this.#tell('getUser', (iam) => iam.getUser(this.#user())).catch(forbidden);
    return shown?.User?.Arn ?? null;
  }

  /** The actions that `source` may not take on `target`. Null where that cannot be simulated. */
  async forbidden(source: string, target: string, ActionNames: string[]): Promise<string[] | null> {
    const asked = { PolicySourceArn: source, ActionNames, ResourceArns: [target] };
    const simulated = await this.#tell('simulatePrincipalPolicy', (iam) => iam.simulatePrincipalPolicy(asked))
      .catch(forbidden)
      .catch(gone); // a role's session does not show the path of the role
    const denied = simulated?.EvaluationResults?.filter(({ EvalDecision }) => EvalDecision !== 'allowed');
    return simulated ? (denied ?? []).flatMap(({ EvalActionName }) => EvalActionName ?? []) : null;
  }

  /** ARN of the key's owner, by STS. Without `pair`: of the admin. */
  async identify(pair?: Pair): Promise<string> {
    const { Arn } = await told('sts', 'getCallerIdentity', async () => {
      const { sts: endpoint } = this.section.endpoints;
      const { STS } = load('@aws-sdk/client-sts') as typeof Sts;
      return new STS(await this.#settings('sts', endpoint, pair)).getCallerIdentity();
    });
    if (Arn) return Arn;
    throw new OutsideError('AWS STS', 'getCallerIdentity', { code: 'UNEXPECTED_ANSWER' });
  }

  async putObject(pair: Pair, Key: string, Body: string): Promise<void> {
    await told('s3', 'putObject', async () => (await this.#s3(pair)).putObject({ ...this.#in(Key), Body }));
  }

  async getObject(pair: Pair, Key: string): Promise<string> {
    return told('s3', 'getObject', async () => {
      const { Body } = await (await this.#s3(pair)).getObject(this.#in(Key));
      return (await Body?.transformToString()) ?? '';
    });
  }

  async deleteObject(pair: Pair, Key: string): Promise<void> {
    await told('s3', 'deleteObject', async () => (await this.#s3(pair)).deleteObject(this.#in(Key)));
  }

  /** Besides, a refusal of the managing credentials says what to do. */
  #managed<T>(operation: string, call: (iam: Iam.IAM) => Promise<T>): Promise<T> {
    return this.#tell(operation, call).catch((error: unknown) => {
      throw ofAdmin(error, this.propagationMs);
    });
  }

  #tell<T>(operation: string, call: (iam: Iam.IAM) => Promise<T>): Promise<T> {
    return told('iam', operation, async () => call(await this.#iam()));
  }

  #user(): { UserName: string } {
    return { UserName: this.section.user };
  }

  #in(Key: string): { Bucket: string; Key: string } {
    return { Bucket: this.section.bucket, Key };
  }

  async #iam(): Promise<Iam.IAM> {
    const { IAM } = load('@aws-sdk/client-iam') as typeof Iam;
    return new IAM(await this.#settings('iam', this.section.endpoints.iam));
  }

  async #s3(pair: Pair): Promise<S3Library.S3> {
    const { S3 } = load('@aws-sdk/client-s3') as typeof S3Library;
    const settings = await this.#settings('s3', this.section.endpoints.s3, pair);
    const plain = { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } as const;
    return new S3({ ...settings, ...plain, forcePathStyle: true });
  }

  async #settings(system: string, endpoint: string | undefined, given?: Pair) {
    const { region } = this.section;
    const pair = given ?? (await this.#admin?.());
    return {
      region,
      maxAttempts: 1, // a create that the library retries would fill the user's second slot with a key whose secret is lost
      requestHandler: transportOf(system, (time) => (this.providerTime = time)),
      ...(endpoint !== undefined && { endpoint }),
      ...(pair && { credentials: { accessKeyId: pair.id, secretAccessKey: pair.secret } }),
    };
  }
}

const mostKeys = 100; // a user has two at most, so a longer list is broken

function gone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}

function forbidden(error: unknown): undefined {
  if (!isForbidden(error)) throw error;
}
