/** A line of authorized_keys. */
export interface Line {
  /** Restrictions of a login with it, such as `restrict,command="internal-sftp"`. Empty for none. */
  readonly options: string;
  /** In base64. */
  readonly publicKey: string;
  readonly comment: string;
}

const kinds = 'ssh-ed25519|ssh-rsa|ssh-dss|ecdsa-sha2-nistp\\d+|sk-[\\w-]+@openssh\\.com';
const options = '(?:"(?:\\\\.|[^"\\\\])*"|[^\\s"])+'; // quoted text may contain spaces
const shape = new RegExp(`^[ \\t]*(?:(${options})[ \\t]+)??(?:${kinds})[ \\t]+([A-Za-z0-9+/]+=*)(?:\\s+(.*))?$`, 's');

/** Prefix of a line that is switched off. It makes the line a comment. */
export const offMark = '# switched off by keyturn: ';

/** The active keys of a file, in its order. */
export function linesIn(text: string): Line[] {
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

/** An active line, or one that Keyturn has switched off. */
export interface KnownLine extends Line {
  readonly isOff: boolean;
}

/** The keys of a file, including those that Keyturn has switched off. Other comments do not count. */
export function knownLinesIn(text: string): KnownLine[] {
  return text.split('\n').flatMap((line) => {
    const [on, off] = [parse(line), parseOff(line)];
    return on ? { ...on, isOff: false } : off ? { ...off, isOff: true } : [];
  });
}

/** A key's name for people. */
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

/** A key with the options of each of its lines. */
export interface Entry {
  readonly options: readonly string[];
  readonly kind: string;
  readonly publicKey: string;
  readonly comment: string;
}

/** The text with a key's lines at its end, unless it has the key. Every other line stays byte for byte. */
export function withEntry(text: string, { options, kind, publicKey, comment }: Entry): string {
  if (linesIn(text).some((line) => line.publicKey === publicKey)) return text;
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`; // else it would be joined with the last line
  const lines = options.map((each) => `${each === '' ? '' : `${each} `}${kind} ${publicKey} ${comment}\n`);
  return ended + lines.join('');
}

/** The text without some keys, switched off or not, whatever their comments. Every other line stays byte for byte. */
export function withoutKeys(text: string, publicKeys: readonly string[]): string {
  return eachLine(text, (line) => {
    const key = parse(line) ?? parseOff(line);
    return key && publicKeys.includes(key.publicKey) ? '' : line;
  });
}

/** The text with every line of a key switched off. Every other line stays byte for byte. */
export function withKeyOff(text: string, publicKey: string): string {
  return eachLine(text, (line) => (parse(line)?.publicKey === publicKey ? `${offMark}${line}` : line));
}

/** The text as it was before `withKeyOff`. */
export function withKeyOn(text: string, publicKey: string): string {
  return eachLine(text, (line) => (parseOff(line)?.publicKey === publicKey ? line.slice(offMark.length) : line));
}

function eachLine(text: string, change: (line: string) => string): string {
  return text
    .split(/(?<=\n)/)
    .map(change)
    .join('');
}

const expiry = /(^|,)expiry-time="([^"]*)"/i;

/** The expiry of a line, as written in it. Null when it does not expire. */
export function expiryOf({ options }: Pick<Line, 'options'>): string | null {
  return expiry.exec(options)?.[2] ?? null;
}

const furthestMs = 14 * 3_600_000; // largest offset of a time zone from UTC; a time without Z is in the server's own zone

/** Whether a line has expired in every time zone. */
function hasExpired(line: Line): boolean {
  const digits = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/.exec(expiryOf(line) ?? '');
  if (!digits) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits
    .slice(1)
    .map((each) => Number(each ?? 0));
  return Date.now() > Date.UTC(year, month - 1, day, hour, minute, second) + furthestMs;
}

/**
 * Options of a new key's lines: those of the previous key's lines. Their expiry is left out, since it was set for one key. Expired lines
 * are left out as well, since without their expiry they would be valid again.
 */
export function optionsFor(lines: readonly Line[]): string[] {
  const alive = lines.filter((line) => !hasExpired(line));
  const all = (alive.length > 0 ? alive : lines).map(({ options }) => options.replace(expiry, '').replace(/^,/, ''));
  return [...new Set(all)];
}
