// The guide's section "OpenAI API Key" as a plain script. After it died, it is started again.
import { createAccount, deleteAccount, moment, sheet, works, writeSetting } from './calls.js';

moment('before the create');
const made = await createAccount('documents');
moment('after the create');
await writeSetting('openai_api_key', made.key);
moment('after the switch');
if (!(await works(made.key))) throw new Error('the new key does not work');
moment('before the delete');
await deleteAccount(sheet.oldAccount);
moment('after the delete');
