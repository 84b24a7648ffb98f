// A queue job that calls the provider first, stores afterwards, and is retried from its start. It allows itself two
// keys, because some providers allow only two at once: an older key makes room.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createAccount, deleteAccount, listAccounts, moment, sheet, works, writeSetting } from './calls.js';

interface Stored {
  readonly current: string;
  readonly previous?: string;
}

const stored: Stored = existsSync(sheet.state)
  ? (JSON.parse(readFileSync(sheet.state, 'utf8')) as Stored)
  : { current: sheet.oldAccount };
const own = (await listAccounts()).filter(({ name }) => name === 'documents');
if (own.length >= 2) await deleteAccount(own[0]?.id ?? '');
moment('before the create');
const made = await createAccount('documents');
moment('after the create');
writeFileSync(sheet.state, JSON.stringify({ current: made.id, previous: stored.current, key: made.key }));
moment('after the store');
await writeSetting('openai_api_key', made.key);
moment('after the switch');
if (!(await works(made.key))) throw new Error('the new key does not work');
moment('before the delete');
await deleteAccount(stored.current);
moment('after the delete');
