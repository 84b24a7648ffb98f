import { randomBytes } from 'node:crypto';
import type { Attributes, SFTPWrapper } from 'ssh2';
import { isLate } from '../shared/lease.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { ssh } from './library.js';

/** A file as it was read. Each of its characters stands for one byte, so that it is written back as it was. */
export interface RemoteFile {
  /** Where it is, links followed. */
  readonly path: string;
  readonly text: string;
  readonly attributes: Pick<Attributes, 'mode' | 'uid' | 'gid'>;
}

type Done = (error?: Error | null) => void;

/** Files on the server, over one SFTP session. */
export class RemoteFiles {
  readonly #sftp: SFTPWrapper;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
  }

  /** Null when there is no such file. */
  async read(path: string): Promise<RemoteFile | null> {
    try {
      const real = await this.#ask<string>('realpath', (done) => this.#sftp.realpath(path, done));
      const { mode, uid, gid } = await this.#ask<Attributes>('stat', (done) => this.#sftp.stat(real, done));
      const content = await this.#ask<Buffer>('read', (done) => this.#sftp.readFile(real, done));
      return { path: real, text: content.toString('latin1'), attributes: { mode: mode & 0o777, uid, gid } };
    } catch (error) {
      if (error instanceof Missing) return null;
      throw error;
    }
  }

  /** Writes a new file beside another one, with its rights and its owner, and returns its path. */
  async writeBeside({ path, attributes }: RemoteFile, text: string): Promise<string> {
    const beside = `${path}.keyturn-${randomBytes(6).toString('hex')}`;
    const { mode, uid, gid } = attributes;
    const content = Buffer.from(text, 'latin1');
    await this.#do('write', (done) => this.#sftp.writeFile(beside, content, { mode: 0o600, flag: 'wx' }, done));
    try {
      const made = await this.#ask<Attributes>('stat', (done) => this.#sftp.stat(beside, done));
      // Another owner, and sshd lets nobody in any more.
      if (made.uid !== uid || made.gid !== gid)
        await this.#do('chown', (done) => this.#sftp.chown(beside, uid, gid, done));
      if ((made.mode & 0o777) !== mode) await this.#do('chmod', (done) => this.#sftp.chmod(beside, mode, done));
      return beside;
    } catch (error) {
      await this.remove(beside);
      throw error;
    }
  }

  /**
   * Puts a file in the place of another one, in one step: a file written in place would lock everybody out if it were cut off.
   * A server without OpenSSH's rename is asked for a plain one, which replaces or refuses, and changes nothing when it refuses.
   */
  async replace(path: string, by: string): Promise<void> {
    try {
      await this.#change('rename', (done) => this.#sftp.ext_openssh_rename(by, path, done));
    } catch (error) {
      if (!(error instanceof NotOffered)) throw error;
      await this.#change('rename', (done) => this.#sftp.rename(by, path, done)).catch((plain: unknown) => {
        throw plain instanceof OutsideError && plain.code === 'FAILURE' ? permanent('Rejected', notInOneStep) : plain;
      });
    }
  }

  /** One that is gone already, or cannot be removed, is left. */
  async remove(path: string): Promise<void> {
    await this.#do('remove', (done) => this.#sftp.unlink(path, done)).catch(() => undefined);
  }

  /** What others see, and what therefore leaves within the lease or not at all. */
  async #change(operation: string, act: (done: Done) => void): Promise<void> {
    await this.#do(operation, (done) => {
      if (isLate()) done(late(operation));
      else act(done);
    });
  }

  async #do(operation: string, act: (done: Done) => void): Promise<void> {
    await this.#ask<void>(operation, act);
  }

  #ask<T>(operation: string, act: (done: (error: Error | null | undefined, result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        act((error, result) => (error ? reject(meaningOf(operation, error)) : resolve(result)));
      } catch {
        reject(new NotOffered());
      }
    });
  }
}

class Missing extends Error {}
class NotOffered extends Error {}

/** The server's words may hold anything: only its code is looked at. */
function meaningOf(operation: string, error: Error & { readonly code?: unknown }): Error {
  if (error instanceof OutsideError) return error;
  const { STATUS_CODE } = ssh().utils.sftp;
  if (error.code === STATUS_CODE.NO_SUCH_FILE) return new Missing();
  if (error.code === STATUS_CODE.OP_UNSUPPORTED) return new NotOffered();
  if (error.code === STATUS_CODE.PERMISSION_DENIED) return permanent('Unauthorized', notWritable);
  return new OutsideError('sftp', operation, { code: error.code === STATUS_CODE.FAILURE ? 'FAILURE' : 'NETWORK' });
}

function late(operation: string): Error {
  return new OutsideError('sftp', operation, { code: 'TOO_LATE' });
}

/** What can be done where the file is out of reach. */
export const alternatives =
  'Where the account is jailed (ChrootDirectory) or its keys lie in a central file, name in adminUsername, adminKey and authorizedKeys somebody who may change that file over SFTP. ' +
  "Where the server asks a command or a directory for keys (AuthorizedKeysCommand, SFTPGo's public_keys) or takes certificates (TrustedUserCAKeys), this procedure cannot change them";

const notWritable = `the server denies what changing authorized_keys takes. ${alternatives}`;

const notInOneStep =
  'the server cannot replace a file in one step: it offers no posix-rename, and refuses to rename over a file. ' +
  'Written in place, authorized_keys could be left cut off and lock everybody out, so it was left as it is';
