import { type AccountOptions, createAccount, type LabAccount } from '../logins/account.js';
import { type LineOptions, type LineServer, serveLines } from '../logins/lines.js';
import { imap } from './imap.js';
import { type Mail, smtp } from './smtp.js';

export interface MailLabOptions extends AccountOptions, LineOptions {
  /** Whether mail is taken without a login; false when left out. */
  readonly isOpen?: boolean;
}

export interface MailLab extends LabAccount {
  readonly smtp: LineServer;
  readonly imap: LineServer;
  /** Messages that arrived, oldest first. */
  readonly mails: readonly Mail[];
  /** The answer to a recipient; a refusal is a line that begins with 5. */
  recipientAnswer: string;
  stop(): Promise<void>;
}

/**
 * A mail server like Dovecot 2.3.19 with IMAP and submission: one mailbox with one password behind both. It answers as `dovecot` was
 * recorded to, and a locked account as Mailu does. It does not make clients wait after wrong passwords.
 */
export async function startMailLab(options: MailLabOptions = {}): Promise<MailLab> {
  const account = createAccount({ username: 'scans@example.com', ...options });
  const mails: Mail[] = [];
  const state = { recipientAnswer: '250 2.0.0 2.0.0 ok' };
  const submission = smtp({
    account,
    mails,
    isOpen: options.isOpen ?? false,
    recipientAnswer: () => state.recipientAnswer,
  });
  const servers = { smtp: await serveLines(submission, options), imap: await serveLines(imap(account), options) };
  const lab = {
    ...{ ...servers, mails },
    async stop() {
      await Promise.all([servers.smtp.stop(), servers.imap.stop()]);
    },
    get recipientAnswer() {
      return state.recipientAnswer;
    },
    set recipientAnswer(answer: string) {
      state.recipientAnswer = answer;
    },
  };
  return Object.defineProperties(lab, Object.getOwnPropertyDescriptors(account)) as typeof lab & LabAccount; // with its accessors
}
