import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fastClock } from '../../lab/clock.js';
import type { DocuElevateLab } from '../../lab/docuelevate/server.js';
import { startSftpPrivateKey } from '../../lab/scenarios/sftp-private-key.js';
import type { OpenAiLab } from '../../lab/openai/server.js';
import type { LabServer } from '../../lab/server.js';
import { newLabKey } from '../../lab/sftp/keys.js';
import type { SftpLab } from '../../lab/sftp/server.js';
import { sftpOrigin } from '../snag.js';
import { temporaryFolder } from '../../lab/temporary-folder.js';
import { letterAbout, once } from '../letters.js';
import type { Documents, Stage } from '../stage.js';
import { withAi } from '../with-ai.js';

/** The scenario, with a person whose own key is let in as well and lies in a file of theirs. */
export async function stageSftpPrivateKey(): Promise<Stage> {
  const base = fastClock(1000); // DocuElevate's limit of uploads counts minutes
  let skewMs = 0;
  const { openai, stop, ...engine } = await withAi();
  const scenario = await startSftpPrivateKey({ clock: () => base() + skewMs, ...engine });
  const { docuelevate, sftp } = scenario.systems;
  if (!isSftp(sftp) || !isDocuElevate(docuelevate)) throw new Error('the scenario has other systems than this stage');
  const { path: folder, remove } = temporaryFolder('keyturn-person-');
  const [own, ownFile] = [newLabKey(), join(folder, 'own')];
  await writeFile(ownFile, own.privateKey, { mode: 0o600 });
  const adoptedFile = docuelevate.setting('sftp_private_key') ?? '';
  sftp.text += `ssh-ed25519 ${own.blob} a person\n`;
  const foreign = [own.blob, sftp.admin.blob];
  return {
    scenario: {
      ...scenario,
      async stop() {
        await stop(scenario);
        await remove();
      },
    },
    systems: [{ ...sftp, url: sftpOrigin }, docuelevate],
    documents: documentsOf({ docuelevate, sftp, openai }),
    issued: () =>
      sftp.everyKey().map((value) => ({
        ...{ value, label: labelIn(sftp.text, value), alive: sftp.accepted().includes(value) },
        foreign: foreign.includes(value),
      })),
    edit: (to) => docuelevate.editSetting('sftp_private_key', to === 'own' ? ownFile : adoptedFile, 'a person'),
    killAdopted: () => void (sftp.text = withoutLine(sftp.text, scenario.adopted['publicKey'] ?? '')),
    skew: (ms) => void (skewMs += ms),
  };
}

interface Systems {
  readonly docuelevate: DocuElevateLab;
  readonly sftp: SftpLab;
  readonly openai: OpenAiLab;
}

function documentsOf({ docuelevate: lab, sftp, openai }: Systems): Documents {
  const holds = (path: string, text: string): boolean => sftp.files.all.get(path)?.content.includes(text) === true;
  return {
    ...{ lab, step: 'upload_to_sftp', write: letterAbout, failsEarlier: true },
    taken: (text) =>
      sftp
        .arrivals()
        .filter(({ path }) => holds(path, text))
        .map(({ key, at }) => ({ value: key ?? 'a password', at })),
    failOne: (text) => openai.failFor(once(text)),
  };
}

function labelIn(text: string, value: string): string | null {
  const line = text.split('\n').find((each) => each.includes(value));
  return line?.split(' ').slice(2).join(' ') ?? null;
}

function withoutLine(text: string, value: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes(value))
    .join('\n');
}

function isSftp(server: LabServer | undefined): server is SftpLab {
  return server !== undefined && 'everyKey' in server;
}

function isDocuElevate(server: LabServer | undefined): server is DocuElevateLab {
  return server !== undefined && 'editSetting' in server;
}
