import { askImap, askSmtp } from './answers.js';

const hello = ['250-mail.example.com', '250 AUTH PLAIN LOGIN'];

it.each([
  ['235 2.7.0 Accepted', 'accepted'],
  ['535 5.7.8 Error: authentication failed:', 'refused'],
  ['535 Incorrect authentication data', 'refused'],
  ['535 5.7.3 Authentication unsuccessful', 'refused'],
  ['535 5.7.139 Authentication unsuccessful, the tenant does not allow it', 'cannot tell'],
  ['535 5.7.8 Error: too many failed logins', 'cannot tell'],
  ['535 5.7.8 This account is disabled', 'cannot tell'],
  ['534 5.7.9 Application-specific password required', 'cannot tell'],
  ['538 5.7.11 Encryption required', 'cannot tell'],
  ['530 5.7.0 Must issue a STARTTLS command first', 'cannot tell'],
  ['421 4.7.0 Too many connections', 'later'],
  ['454 4.7.0 Temporary authentication failure', 'later'],
])('SMTP: %s', async (answer, verdict) => {
  expect(await askSmtp('220 mail.example.com ESMTP', hello, answer)).toBe(verdict);
});

it.each([
  ['OK Logged in', 'accepted'],
  ['NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)', 'refused'],
  ['NO [AUTHENTICATIONFAILED] Too many failed logins', 'cannot tell'],
  ['NO [ALERT] Application-specific password required', 'cannot tell'],
  ['NO [EXPIRED] Your password has expired', 'cannot tell'],
  ['NO LOGIN failed.', 'cannot tell'],
  ['BAD Command unknown', 'cannot tell'],
  ['NO [INUSE] Try again', 'later'],
  ['NO [LIMIT] Rate limit', 'later'],
])('IMAP: %s', async (answer, verdict) => {
  expect(await askImap('* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready', answer)).toBe(verdict);
});

it.each(['554 5.7.1 you are blocked', '421 too many connections'])('SMTP greeting: %s', async (greeting) => {
  expect(await askSmtp(greeting, hello, '235 2.7.0 Accepted')).toBe(greeting.startsWith('4') ? 'later' : 'cannot tell');
});
