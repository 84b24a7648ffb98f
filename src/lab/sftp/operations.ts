import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';
import type { Files, LabFile, User } from './files.js';
import type { Perform } from './performer.js';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

export interface SftpSession {
  readonly files: Files;
  readonly user: User;
  readonly perform: Perform;
  /** Whether the server announces OpenSSH's extension that replaces a file in one step. */
  readonly posixRename: boolean;
  /** Whether a plain rename overwrites an existing file. */
  readonly renameReplaces: boolean;
}

interface Handle {
  readonly path: string;
  readonly writes: boolean;
}

/** Serves one SFTP session on the lab's files. */
export function serveSftp(stream: SFTPWrapper, session: SftpSession): void {
  const handles: Handle[] = [];
  const held = (handle: Buffer): Handle | undefined => handles[handle.readUInt32BE()];
  if (session.posixRename) announce(stream);
  serveContent(stream, session, held);
  serveAttributes(stream, session, held);
  serveNames(stream, session);
  serveFolders(stream, session, handles);
  stream.on('OPEN', (id, name, ...[flags, attrs]) =>
    openFile(stream, session, { id, name, flags, attrs, keep: (handle) => handles.push(handle) - 1 }),
  );
  stream.on('CLOSE', (id) => stream.status(id, STATUS_CODE.OK));
}

interface Opening {
  readonly id: number;
  readonly name: string;
  readonly flags: number;
  readonly attrs: Attributes;
  /** Stores the handle and returns its number. */
  readonly keep: (handle: Handle) => number;
}

/** Opens a file. Opening it for writing empties it. */
function openFile(stream: SFTPWrapper, session: SftpSession, { id, name, flags, attrs, keep }: Opening): void {
  const { files, user } = session;
  const path = files.resolve(user, name);
  const writes = (flags & OPEN_MODE.WRITE) !== 0;
  const there = files.all.get(path);
  const refuse = (denied: boolean): number => refused(stream, id, denied);
  const apply = (): number => {
    if (!(writes ? files.mayWrite(user, path) : files.mayRead(user, path))) return refuse(true);
    if (!writes && !there) return missing(stream, id);
    if (there && (flags & OPEN_MODE.EXCL) !== 0) return refuse(false);
    if (writes) files.put(path, { content: Buffer.alloc(0), mode: (attrs.mode ?? 0o644) & 0o777, uid: user.uid });
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(keep({ path, writes }));
    stream.handle(id, handle);
    return 200;
  };
  session.perform(writes ? 'WRITE' : 'READ', path, { apply, refuse });
}

function serveContent(stream: SFTPWrapper, { files }: SftpSession, held: (handle: Buffer) => Handle | undefined): void {
  stream.on('READ', (id, handle, ...[offset, length]) => {
    const content = files.all.get(held(handle)?.path ?? '')?.content.subarray(offset, offset + length);
    if (!content || content.length === 0) stream.status(id, STATUS_CODE.EOF);
    else stream.data(id, content);
  });
  stream.on('WRITE', (id, handle, ...[offset, data]) => {
    const { path = '', writes = false } = held(handle) ?? {};
    const file = files.all.get(path);
    if (!file || !writes) return stream.status(id, STATUS_CODE.FAILURE);
    files.put(path, { ...file, content: Buffer.concat([file.content.subarray(0, offset), data]) });
    stream.status(id, STATUS_CODE.OK);
  });
}

function serveAttributes(
  stream: SFTPWrapper,
  { files, user }: SftpSession,
  held: (handle: Buffer) => Handle | undefined,
): void {
  const stat = (id: number, path: string): void => {
    const file = files.mayRead(user, path) ? files.all.get(path) : undefined;
    if (!file) return void missing(stream, id);
    stream.attrs(id, attributesOf(file));
  };
  const change = (id: number, path: string, { uid, mode }: Partial<Attributes>): void => {
    const file = files.all.get(path);
    const mayOwn = uid === undefined || uid === file?.uid || user.uid === 0;
    if (!file || !mayOwn || !files.mayWrite(user, path)) return void refused(stream, id, true);
    files.put(path, { ...file, mode: (mode ?? file.mode) & 0o777, uid: uid ?? file.uid });
    stream.status(id, STATUS_CODE.OK);
  };
  stream.on('STAT', (id, path) => stat(id, files.resolve(user, path)));
  stream.on('LSTAT', (id, path) => stat(id, files.resolve(user, path)));
  stream.on('FSTAT', (id, handle) => stat(id, held(handle)?.path ?? ''));
  stream.on('SETSTAT', (id, path, attrs) => change(id, files.resolve(user, path), attrs));
  stream.on('FSETSTAT', (id, handle, attrs) => change(id, held(handle)?.path ?? '', attrs));
}

function serveNames(stream: SFTPWrapper, session: SftpSession): void {
  const { files, user } = session;
  const attrs = attributesOf({ content: Buffer.alloc(0), mode: 0o755, uid: user.uid });
  stream.on('REALPATH', (id, path) => {
    const filename = files.visiblePath(user, files.resolve(user, path));
    stream.name(id, [{ filename, longname: filename, attrs }]);
  });
  stream.on('REMOVE', (id, name) => {
    const path = files.resolve(user, name);
    if (!files.mayWrite(user, path)) return void refused(stream, id, true);
    files.remove(path);
    stream.status(id, STATUS_CODE.OK);
  });
  stream.on('RENAME', (id, from, to) => rename(stream, session, { id, from, to, over: session.renameReplaces }));
  stream.on('EXTENDED', (id, name, data) => {
    const known = name === posixRename && session.posixRename;
    if (!known) return stream.status(id, STATUS_CODE.OP_UNSUPPORTED);
    const [from = '', to = ''] = textsIn(data);
    rename(stream, session, { id, from, to, over: true });
  });
}

/** Lists a folder in a single answer. */
function serveFolders(stream: SFTPWrapper, { files, user }: SftpSession, handles: Handle[]): void {
  const listed = new Set<number>();
  stream.on('OPENDIR', (id, name) => {
    const path = files.resolve(user, name);
    if (!files.mayRead(user, `${path}/`)) return void refused(stream, id, true);
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(handles.push({ path, writes: false }) - 1);
    stream.handle(id, handle);
  });
  stream.on('READDIR', (id, handle) => {
    const number = handle.readUInt32BE();
    const names = listed.has(number) ? [] : files.list(handles[number]?.path ?? '');
    listed.add(number);
    if (names.length === 0) return stream.status(id, STATUS_CODE.EOF);
    const attrs = attributesOf({ content: Buffer.alloc(0), mode: 0o644, uid: user.uid });
    stream.name(
      id,
      names.map((filename) => ({ filename, longname: filename, attrs })),
    );
  });
}

interface Renaming {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  /** Overwrites an existing file. */
  readonly over: boolean;
}

function rename(stream: SFTPWrapper, { files, user, perform }: SftpSession, { id, over, ...names }: Renaming): void {
  const [from, to] = [files.resolve(user, names.from), files.resolve(user, names.to)];
  const refuse = (denied: boolean): number => refused(stream, id, denied);
  const apply = (): number => {
    const file = files.all.get(from);
    if (!file) return missing(stream, id);
    if (!files.mayWrite(user, to)) return refuse(true);
    if (files.all.has(to) && !over) return refuse(false);
    files.put(to, file);
    files.remove(from);
    stream.status(id, STATUS_CODE.OK);
    return 200;
  };
  perform('RENAME', to, { apply, refuse });
}

function refused(stream: SFTPWrapper, id: number, denied: boolean): number {
  stream.status(id, denied ? STATUS_CODE.PERMISSION_DENIED : STATUS_CODE.FAILURE);
  return denied ? 403 : 500;
}

function missing(stream: SFTPWrapper, id: number): number {
  stream.status(id, STATUS_CODE.NO_SUCH_FILE);
  return 404;
}

function attributesOf({ content, mode, uid }: LabFile): Attributes {
  return { mode: 0o100000 | mode, uid, gid: uid, size: content.length, atime: 0, mtime: 0 };
}

/** Reads texts, each after its length. */
function textsIn(data: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < data.length;) {
    const length = data.readUInt32BE(at);
    texts.push(data.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return texts;
}

const versionPacket = 2;
const posixRename = 'posix-rename@openssh.com';
const extension = Buffer.concat([posixRename, '1'].map(withLength));

function withLength(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

interface Channels {
  channelData(channel: number, data: Buffer): void;
}

/** Adds OpenSSH's extension to the first packet, because the library's server announces none. */
function announce(stream: SFTPWrapper): void {
  const inside = stream as unknown as { _protocol: Channels };
  const protocol = inside._protocol;
  let first = true;
  const channelData = (channel: number, data: Buffer): void => {
    const names = first && data[4] === versionPacket;
    first = false;
    if (!names) return protocol.channelData(channel, data);
    const packet = Buffer.concat([data, extension]);
    packet.writeUInt32BE(packet.length - 4);
    protocol.channelData(channel, packet);
  };
  inside._protocol = new Proxy(protocol, {
    get(target, key) {
      if (key === 'channelData') return channelData;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
