import { randomBytes } from 'node:crypto';
import type { Attributes, SFTPWrapper } from 'ssh2';
import { isLate } from '../shared/lease.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { ssh } from './key-pair.js';

/** A file as read, one character per byte, so that unchanged bytes are written back as they were. */
export interface RemoteFile {
  /** Its real path, with links resolved. */
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

  /** Writes a new file beside another one, with its rights and owner. Returns its path. */
  async writeBeside({ path, attributes }: RemoteFile, text: string): Promise<string> {
    const beside = `${path}.keyturn-${randomBytes(6).toString('hex')}`;
    const { mode, uid, gid } = attributes;
    const content = Buffer.from(text, 'latin1');
    await this.#do('write', (done) => this.#sftp.writeFile(beside, content, { mode: 0o600, flag: 'wx' }, done));
    try {
      const stats = await this.#ask<Attributes>('stat', (done) => this.#sftp.stat(beside, done));
      // With another owner sshd would accept no key any more.
      if (stats.uid !== uid || stats.gid !== gid)
        await this.#do('chown', (done) => this.#sftp.chown(beside, uid, gid, done));
      if ((stats.mode & 0o777) !== mode) await this.#do('chmod', (done) => this.#sftp.chmod(beside, mode, done));
      return beside;
    } catch (error) {
      await this.remove(beside);
      throw error;
    }
  }

  /**
   * Replaces a file by another one in one step: a file that is cut off during a write in place would lock everybody out.
   * A server without OpenSSH's rename is asked for a plain rename, which replaces the file or refuses and changes nothing.
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

  /** Removes a file if possible. Never throws. */
  async remove(path: string): Promise<void> {
    await this.#do('remove', (done) => this.#sftp.unlink(path, done)).catch(() => undefined);
  }

  /** A change that others see: sent within the lease or not at all. */
  async #change(operation: string, act: (done: Done) => void): Promise<void> {
    await this.#do(operation, (done) => {
      if (isLate()) done(new OutsideError('SFTP', operation, { code: 'TOO_LATE' }));
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

/** Classifies an error by its code. The server's message may hold anything and is not used. */
function meaningOf(operation: string, error: Error & { readonly code?: unknown }): Error {
  if (error instanceof OutsideError) return error;
  const { STATUS_CODE } = ssh().utils.sftp;
  if (error.code === STATUS_CODE.NO_SUCH_FILE) return new Missing();
  if (error.code === STATUS_CODE.OP_UNSUPPORTED) return new NotOffered();
  if (error.code === STATUS_CODE.PERMISSION_DENIED) return permanent('Unauthorized', notWritable);
  return new OutsideError('SFTP', operation, { code: error.code === STATUS_CODE.FAILURE ? 'FAILURE' : 'NETWORK' });
}

/** Advice for a file that Keyturn cannot change. */
export const alternatives =
  'If the account is jailed (ChrootDirectory) or its keys are in a central file, set adminUsername, adminKey and authorizedKeys to an account that may change that file over SFTP. ' +
  "If the server takes keys from a command or a directory (AuthorizedKeysCommand, SFTPGo's public_keys) or accepts certificates (TrustedUserCAKeys), this procedure cannot change them";

const notWritable = `the SFTP server does not allow changing authorized_keys. ${alternatives}`;

const notInOneStep =
  'the SFTP server cannot replace a file in one step: it offers no posix-rename, and refuses to rename over a file. ' +
  'authorized_keys was not changed: a write in place that is cut off could lock everybody out';
