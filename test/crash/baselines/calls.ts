import { readFileSync } from 'node:fs';
import type { Worksheet } from './worksheet.js';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly api_key?: { readonly value: string };
}

export const sheet = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Worksheet;

/** A moment at which the machine may lose its power. */
export function moment(name: string): void {
  if (sheet.killAt === name) process.kill(process.pid, 'SIGKILL');
}

const accounts = `${sheet.openai.baseUrl}/organization/projects/${sheet.openai.project}/service_accounts`;
const authorization = `Bearer ${sheet.openai.adminKey}`;

export async function createAccount(name: string): Promise<Account & { readonly key: string }> {
  const made = (await call(accounts, { method: 'POST', body: JSON.stringify({ name }) })) as Account;
  return { ...made, key: made.api_key?.value ?? '' };
}

export async function listAccounts(): Promise<Account[]> {
  return ((await call(accounts, { method: 'GET' })) as { data: Account[] }).data;
}

export async function deleteAccount(id: string): Promise<void> {
  await call(`${accounts}/${id}`, { method: 'DELETE' });
}

export async function works(key: string): Promise<boolean> {
  return (await fetch(`${sheet.openai.baseUrl}/models`, { headers: { authorization: `Bearer ${key}` } })).ok;
}

export async function writeSetting(key: string, value: string): Promise<void> {
  const { url, username, password } = sheet.engine;
  const cookies = new Map<string, string>();
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const cookie = [...cookies].map(([name, held]) => `${name}=${held}`).join('; ');
    const answer = await fetch(url + path, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', held = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, held);
    }
    return answer;
  };
  const page = await (await send('/login?message=script', {})).text();
  const csrf = /name="csrf_token"[^>]*value="([^"]+)"/.exec(page)?.[1] ?? '';
  await send('/auth', { method: 'POST', body: new URLSearchParams({ username, password, csrf_token: csrf }) });
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf };
  const answer = await send(`/api/settings/${key}`, { method: 'POST', headers, body: JSON.stringify({ key, value }) });
  if (!answer.ok) throw new Error(`the engine answered ${answer.status}`);
}

async function call(url: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(url, { ...init, headers: { authorization, 'content-type': 'application/json' } });
  if (!answer.ok && answer.status !== 404) throw new Error(`OpenAI answered ${answer.status}`);
  return answer.json();
}
