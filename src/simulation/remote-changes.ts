import { basename } from 'node:path';
import { RemoteFiles } from '../../activities/sftp/remote-files.js';
import { sftpOrigin } from '../prove/stages/sftp-private-key.js';
import type { Tracer } from '../prove/tracer.js';
import { owner, type SimProcess } from './engine.js';
import type { Around } from './places.js';

const tracers = new WeakMap<SimProcess, Tracer['change']>();
const replace = Reflect.get(RemoteFiles.prototype, 'replace');

/** A file on a server is the one change that leaves otherwise than over HTTP; it passes the tracer too, as in src/prove/worker-process.ts. */
RemoteFiles.prototype.replace = function (path, by) {
  const process = owner.getStore();
  const change = process && tracers.get(process);
  const request = { method: 'RENAME', origin: sftpOrigin, path: `/${basename(path)}` };
  return change ? change(request, () => replace.call(this, path, by)) : replace.call(this, path, by);
};

/** From now on the changes of a process pass its tracer. */
export function traceChanges(process: SimProcess, tracer: Tracer, around: Around | undefined): void {
  tracers.set(process, async (request, work) => {
    const name = `${request.method} ${request.path}`;
    around?.pass({ at: 'request', name, request }, process);
    await process.gate();
    await tracer.change(request, work);
    around?.pass({ at: 'answer', name }, process);
    await process.gate();
  });
}
