import { randomUUID } from 'node:crypto';
import type { ScriptedDestination } from '../../src/lab/docuelevate/destinations.js';
import type { StepStatus } from '../../src/lab/docuelevate/documents.js';

/** Changes what a script does. */
export const google = { configured: false, works: true };

type Script = (file: string) => readonly (readonly [step: string, status: StepStatus, message: string])[];

function scripted(name: string, script: Script, more: Partial<ScriptedDestination> = {}): ScriptedDestination {
  const lines = (file: string) => script(file).map(([step, status, message]) => ({ step, status, message }));
  return { name, configured: () => false, lines, ...more };
}

/** Servers that are not simulated, in the words that the real worker wrote about them. */
export const servers: readonly ScriptedDestination[] = [
  scripted('ftp', (file) => [
    ['upload_to_ftp', 'in_progress', `Uploading to FTP: ${file}`],
    ['upload_to_ftp', 'failure', `Failed to upload ${file} to FTP server: 550 ${file}: Overwrite permissio`],
  ]),
  scripted(
    'paperless',
    (file) => [
      ['upload_to_paperless', 'in_progress', `Uploading to Paperless: ${file}`],
      ['post_document', 'in_progress', 'Posting to Paperless API'],
      ['post_document', 'success', `Task ID: ${randomUUID()}`],
      ['poll_task', 'in_progress', 'Waiting for Paperless processing'],
      ['upload_to_paperless', 'success', 'Uploaded to Paperless: Doc ID 42'],
    ],
    { configured: () => true }, // a stand-in that takes the same document again and again, as neither release does
  ),
  scripted(
    'email',
    (file) => [
      ['upload_to_email', 'in_progress', `Sending via email: ${file}`],
      ['upload_to_email', 'failure', `Failed to send ${file} via email: can only join an iterable`],
    ],
    { losesDocument: true },
  ),
  scripted(
    'google_drive',
    (file) => {
      const [step, why] = ['upload_to_google_drive', 'Failed to initialize Google Drive service'];
      const begin = [step, 'in_progress', `Uploading to Google Drive: ${file}`] as const;
      if (google.works) return [begin, [step, 'success', `Uploaded to Google Drive: ${file}`]];
      const failure = `Failed to upload ${file} to Google Drive: ${why}`;
      return [begin, [step, 'failure', why], [step, 'failure', failure]];
    },
    { losesDocument: true, configured: () => google.configured },
  ),
  scripted('dropbox', (file) => [
    ['upload_to_dropbox', 'in_progress', `Uploading to Dropbox: ${file}`],
    ['upload_to_dropbox', 'failure', `Authentication failed while uploading ${file} to Dropbox. Check token.`],
  ]),
];
