import { basename } from 'node:path';
import { LocalFiles } from '../../activities/delivery/local-files.js';
import { RemoteFiles } from '../../activities/sftp/remote-files.js';
import { diskOrigin, type Outgoing, sftpOrigin } from './setback.js';

/** Called around every change of a file that others read, here or on a server. */
export type AroundChange = (request: Outgoing, work: () => Promise<void>) => Promise<void>;

const remote = Reflect.get(RemoteFiles.prototype, 'replace');
const [replace, remove] = [Reflect.get(LocalFiles.prototype, 'replace'), Reflect.get(LocalFiles.prototype, 'remove')];

/** Calls `around` for every such change from now on. A second call replaces the first. */
export function standAroundFiles(around: AroundChange): void {
  RemoteFiles.prototype.replace = function (path, by) {
    return around(outgoing('RENAME', sftpOrigin, path), () => remote.call(this, path, by));
  };
  LocalFiles.prototype.replace = function (path, replacement) {
    return around(outgoing('RENAME', diskOrigin, path), () => replace.call(this, path, replacement));
  };
  LocalFiles.prototype.remove = function (path, fencing) {
    return around(outgoing('REMOVE', diskOrigin, path), () => remove.call(this, path, fencing));
  };
}

function outgoing(method: string, origin: string, path: string): Outgoing {
  return { method, origin, path: `/${basename(path)}` };
}
