import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { call } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';

export interface History {
  /** The settings in the database at the end, as they are shown. */
  readonly rows: Readonly<Record<string, string>>;
  /** Sets the clock. */
  readonly at: (time: string) => unknown;
  readonly multiUser: (on: boolean) => void;
}

/** What had happened before the recording of an audit began, as far as its answers tell: 131 changes of settings and 38 entries of the audit log. */
export async function madeBefore(lab: DocuElevateLab, history: History): Promise<Visitor> {
  const [admin, other] = [visit(lab), visit(lab)];
  history.at('19:51:16');
  for (let count = 1; count < 4; count++) await other.login();
  await admin.login();
  await integrations(admin);
  settings(lab, history.rows);
  await admin.send('DELETE', '/api/api-tokens/1'); // the lab's own
  await admin.send('DELETE', '/api/api-tokens/1');
  await token(lab, admin, { name: 'plain token', time: () => history.at('19:54:45') });
  await token(lab, admin, { name: 'verification', time: () => history.at('19:55:46') });
  for (let count = 0; count < 19; count++) await other.login();
  for (let count = 0; count < 6; count++) await other.login('wrong');
  await token(lab, admin, { name: 'before the change', time: () => history.at('19:59:47') });
  lab.editSetting('admin_password', lab.adminPassword, 'admin');
  lab.editSetting('webdav_folder', 'docs', 'admin');
  lab.editSetting('webdav_folder', 'docs', 'admin');
  await admin.send('POST', '/api/sessions/revoke-all');
  history.at('19:59:54');
  await admin.send('DELETE', '/api/settings/admin_password');
  history.at('20:00:00');
  lab.editSetting('admin_username', 'Root9', 'admin');
  await other.login(lab.adminPassword, 'Root9');
  await admin.send('DELETE', '/api/settings/admin_username');
  history.at('20:00:06');
  lab.editSetting('webdav_folder', 'docs', 'keyturn');
  await failures(admin, other, history);
  return admin;
}

async function token(lab: DocuElevateLab, of: Visitor, { name, time }: { name: string; time: () => unknown }) {
  time();
  const value = (await of.send('POST', '/api/api-tokens/', { json: { name } })).string('token');
  await call(`${lab.url}/api/files`, { headers: { authorization: `Bearer ${value}` } });
}

async function integrations(admin: Visitor): Promise<void> {
  const archive = { config: { url: 'http://127.0.0.1:27080/', folder: 'docs' }, credentials: { password: 'x' } };
  const mail = { config: { host: 'mail.example.test', port: 27993, username: 'inbox', use_ssl: true } };
  const add = (json: object) => admin.send('POST', '/api/integrations/', { json });
  await add({ direction: 'DESTINATION', integration_type: 'WEBDAV', name: 'My archive', is_active: false, ...archive });
  await add({
    direction: 'SOURCE',
    integration_type: 'IMAP',
    name: 'My mail',
    ...mail,
    credentials: { password: 'x' },
  });
}

/** 124 changes that left these rows, all but the folder's. */
function settings(lab: DocuElevateLab, rows: History['rows']): void {
  const others = Object.entries(rows).filter(([key]) => key !== 'webdav_folder');
  for (const [key, value] of others) lab.editSetting(key, value.replaceAll('*', 'x'), 'admin');
  for (let count = others.length; count < 123; count++) lab.editSetting('webdav_enabled', 'true', 'admin');
  lab.editSetting('webdav_password', (rows['webdav_password'] ?? '').replaceAll('*', 'x'), 'admin');
}

/** With several users, of a local user of an earlier day; then the environment's administrator three times. */
async function failures(admin: Visitor, other: Visitor, { at, multiUser }: History): Promise<void> {
  const keyturn = { username: 'keyturn', email: 'keyturn@example.test', password: 'another-pass-1' };
  multiUser(true);
  at('20:00:08');
  await admin.send('POST', '/api/admin/users/local', { json: keyturn });
  await other.login('wrong', 'keyturn');
  await other.login('wrong');
  await admin.send('PATCH', '/api/admin/users/local/1', { json: { is_active: false } });
  await other.login(keyturn.password, 'keyturn');
  await admin.send('DELETE', '/api/admin/users/local/1');
  multiUser(false);
  for (const time of ['20:00:09', '20:00:13', '20:00:14']) {
    at(time);
    await other.login();
  }
}
