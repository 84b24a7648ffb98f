import { isIP } from 'node:net';
import type { Store } from '../../src/store/store.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { credentialSettings, type LoginSettings } from './credential-settings.js';
import { connect } from './engine.js';
import { fits } from './receipts.js';

/** The settings of an engine that credentials rotate, each with the credential and the part of its value. */
export type Rotated = Readonly<Record<string, { readonly credential: string; readonly part: string }>>;

/** Settings that sign in to one account, and whose values may be one password. */
export interface SharedLogin {
  readonly settings: readonly string[];
  readonly username: string;
  readonly hosts: readonly string[];
}

interface Login {
  readonly setting: string;
  readonly host: string;
  readonly username: string;
  readonly isMailbox: boolean;
  /** As DocuElevate shows the password: masked. */
  readonly shown: string | null;
  readonly credential: string | undefined;
  /** Every value that the store has of it. */
  readonly stored: readonly string[];
  readonly inForce: string | undefined;
}

/** Passwords of one account that are rotated apart although they may be one. Two values that differ are two passwords. */
export async function sharedLogins(
  deps: DocuElevateDeps,
  { credential, rotated }: { readonly credential: string; readonly rotated: Rotated },
): Promise<SharedLogin[]> {
  const { client } = await connect(deps, credential);
  const logins = await loginsOf(deps.store, client, rotated);
  return groupsOf(logins).map((group) => ({
    settings: group.map(({ setting }) => setting),
    username: group[0]?.username ?? '',
    hosts: [...new Set(group.map(({ host }) => host))],
  }));
}

async function loginsOf(store: Store, client: DocuElevateClient, rotated: Rotated): Promise<Login[]> {
  const logins: Login[] = [];
  for (const { key: setting, configured } of await client.credentials()) {
    const at = Object.hasOwn(credentialSettings, setting) ? credentialSettings[setting]?.login : undefined;
    const account = at && configured ? await accountAt(client, at) : null;
    if (!account) continue;
    const own = rotated[setting];
    const shown = await client.shownValue(setting);
    logins.push({ ...{ setting, shown, credential: own?.credential }, ...account, ...(await valuesOf(store, own)) });
  }
  return logins;
}

async function accountAt(
  client: DocuElevateClient,
  at: LoginSettings,
): Promise<Pick<Login, 'host' | 'username' | 'isMailbox'> | null> {
  const host = hostIn(await client.shownValue(at.host));
  const username = await client.shownValue(at.username);
  return host && username ? { host, username, isMailbox: at.mailbox ?? false } : null;
}

async function valuesOf(store: Store, own: Rotated[string] | undefined): Promise<Pick<Login, 'stored' | 'inForce'>> {
  const stored: string[] = [];
  let inForce: string | undefined;
  for (const version of own ? await store.versions(own.credential) : []) {
    if (!own || !version.parts.includes(own.part)) continue;
    const { [own.part]: value = '' } = await store.unseal(version);
    stored.push(value);
    if (version.state === 'current') inForce = value;
  }
  return { stored, inForce };
}

/** Lower case and without a port. Undefined for a text that names no host. */
function hostIn(text: string | null): string | undefined {
  const address = text?.includes('://') ? text : `any://${text}`;
  const host = URL.canParse(address) ? new URL(address).hostname : '';
  return host.toLowerCase().replace(/\.$/, '') || undefined;
}

function groupsOf(logins: readonly Login[]): Login[][] {
  let groups: Login[][] = [];
  for (const login of logins) {
    const joined = groups.filter((group) => group.some((other) => mayShare(login, other)));
    groups = [...groups.filter((group) => !joined.includes(group)), [...joined.flat(), login]];
  }
  return groups.filter(({ length }) => length > 1);
}

function mayShare(one: Login, other: Login): boolean {
  const areOneEntry = one.credential !== undefined && one.credential === other.credential;
  return !areOneEntry && one.username === other.username && isOneAccount(one, other) && mayBeEqual(one, other);
}

/** smtp.example.com and imap.example.com are the usual mailbox. Other systems of one domain have passwords of their own as a rule. */
function isOneAccount(one: Login, other: Login): boolean {
  if (one.host === other.host) return true;
  const domain = domainOf(one.host);
  return one.isMailbox && other.isMailbox && domain !== null && domain === domainOf(other.host);
}

/** Null for an address, and for a name that has none. */
function domainOf(host: string): string | null {
  const [, ...domain] = host.split('.');
  return isIP(host) !== 0 || domain.length < 2 ? null : domain.join('.');
}

/** Of what Keyturn has no value, DocuElevate shows the beginning and the length. A value that was in force before is the password that a rotation has left behind. */
function mayBeEqual(one: Login, other: Login): boolean {
  if (one.inForce !== undefined && other.inForce !== undefined) return one.inForce === other.inForce;
  if (one.inForce !== undefined) return one.stored.some((value) => fits(other.shown, value));
  if (other.inForce !== undefined) return other.stored.some((value) => fits(one.shown, value));
  return one.shown === other.shown;
}
