/** A key as a line of authorized_keys has it. */
export interface Line {
  /** What the server makes of a login with it, such as `restrict,command="internal-sftp"`; empty for nothing. */
  readonly options: string;
  /** In base64. */
  readonly publicKey: string;
  readonly comment: string;
}

const kinds = 'ssh-ed25519|ssh-rsa|ssh-dss|ecdsa-sha2-nistp\\d+|sk-[\\w-]+@openssh\\.com';
const options = '(?:"(?:\\\\.|[^"\\\\])*"|[^\\s"])+'; // spaces in quotes belong to them
const shape = new RegExp(`^[ \\t]*(?:(${options})[ \\t]+)??(?:${kinds})[ \\t]+([A-Za-z0-9+/]+=*)(?:\\s+(.*))?$`, 's');

/** What a line begins with that is switched off: a comment to sshd, and to people. */
export const offMark = '# switched off by keyturn: ';

/** The keys that a file lets in, in its order. What is commented out, or is no key, is none. */
export function linesIn(text: string): Line[] {
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

/** A line that lets a key in, or that did before it was switched off. */
export interface KnownLine extends Line {
  readonly isOff: boolean;
}

/** The keys of a file, also those whose lines are switched off. Nobody else's comments are any. */
export function knownLinesIn(text: string): KnownLine[] {
  return text.split('\n').flatMap((line) => {
    const [on, off] = [parse(line), parseOff(line)];
    return on ? { ...on, isOff: false } : off ? { ...off, isOff: true } : [];
  });
}

/** What people call a key. */
export function nameOf({ comment, isOff }: KnownLine): string {
  return `${comment || 'without a name'}${isOff ? ', switched off' : ''}`;
}

function parseOff(line: string): Line | null {
  return line.startsWith(offMark) ? parse(line.slice(offMark.length)) : null;
}

function parse(line: string): Line | null {
  if (/^[ \t]*#/.test(line)) return null;
  const [, given = '', publicKey, comment = ''] = shape.exec(line) ?? [];
  return publicKey === undefined ? null : { options: given, publicKey, comment: comment.trim() };
}

/** A key, and what each of its lines says before it. */
export interface Entry {
  readonly options: readonly string[];
  readonly kind: string;
  readonly publicKey: string;
  readonly comment: string;
}

/** The text with a key's lines at its end, unless it is there; whatever else stands there stays byte for byte. */
export function withEntry(text: string, { options, kind, publicKey, comment }: Entry): string {
  if (linesIn(text).some((line) => line.publicKey === publicKey)) return text;
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`; // else it would be glued to the last one
  const lines = options.map((each) => `${each === '' ? '' : `${each} `}${kind} ${publicKey} ${comment}\n`);
  return ended + lines.join('');
}

/** The text without some keys, switched off or not, whatever their lines are called; whatever else stands there stays byte for byte. */
export function withoutKeys(text: string, publicKeys: readonly string[]): string {
  return eachLine(text, (line) => {
    const key = parse(line) ?? parseOff(line);
    return key && publicKeys.includes(key.publicKey) ? '' : line;
  });
}

/** The text with every line of a key switched off; whatever else stands there stays byte for byte. */
export function withKeyOff(text: string, publicKey: string): string {
  return eachLine(text, (line) => (parse(line)?.publicKey === publicKey ? `${offMark}${line}` : line));
}

/** The text as it was before `withKeyOff`. */
export function withKeyOn(text: string, publicKey: string): string {
  return eachLine(text, (line) => (parseOff(line)?.publicKey === publicKey ? line.slice(offMark.length) : line));
}

/** Lines are handed over with their ends. */
function eachLine(text: string, change: (line: string) => string): string {
  return text
    .split(/(?<=\n)/)
    .map(change)
    .join('');
}

const expiry = /(^|,)expiry-time="([^"]*)"/i;

/** When a line ends, as it says it; null when it does not. */
export function expiryOf({ options }: Pick<Line, 'options'>): string | null {
  return expiry.exec(options)?.[2] ?? null;
}

const furthestMs = 14 * 3_600_000; // of a server's own time from UTC, which is meant without a Z

/** Whether a line is over wherever its server stands. */
function isOver(line: Line): boolean {
  const digits = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/.exec(expiryOf(line) ?? '');
  if (!digits) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits
    .slice(1)
    .map((each) => Number(each ?? 0));
  return Date.now() > Date.UTC(year, month - 1, day, hour, minute, second) + furthestMs;
}

/**
 * What a new key's lines say: the same as the lines of the one before it, each for itself. Not the moments at which they end, which were set
 * for one key, and not the lines that are over: as a line without an end, such a one would come to life.
 */
export function optionsFor(lines: readonly Line[]): string[] {
  const alive = lines.filter((line) => !isOver(line));
  const all = (alive.length > 0 ? alive : lines).map(({ options }) => options.replace(expiry, '').replace(/^,/, ''));
  return [...new Set(all)];
}
