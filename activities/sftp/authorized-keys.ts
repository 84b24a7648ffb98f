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
const shape = new RegExp(
  `^[ \\t]*(?:(${options})[ \\t]+)??(?:${kinds})[ \\t]+([A-Za-z0-9+/]+=*)(?:[ \\t]+(.*?))?\\s*$`,
);

/** The keys that a file lets in, in its order. What is commented out, or is no key, is none. */
export function linesIn(text: string): Line[] {
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

function parse(line: string): Line | null {
  if (/^[ \t]*#/.test(line)) return null;
  const [, given = '', publicKey, comment = ''] = shape.exec(line) ?? [];
  return publicKey === undefined ? null : { options: given, publicKey, comment };
}

/** The text with a key at its end, unless it is there; whatever else stands there stays byte for byte. */
export function withLine(text: string, { kind, ...line }: Line & { readonly kind: string }): string {
  if (linesIn(text).some(({ publicKey }) => publicKey === line.publicKey)) return text;
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`; // else it would be glued to the last one
  return `${ended}${line.options === '' ? '' : `${line.options} `}${kind} ${line.publicKey} ${line.comment}\n`;
}

/** The text without some keys, whatever their lines are called; whatever else stands there stays byte for byte. */
export function withoutKeys(text: string, publicKeys: readonly string[]): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => !publicKeys.includes(parse(line)?.publicKey ?? ''))
    .join('');
}

/** Options without the moment at which they end: it was set for one key, and the next one would be dead with it. */
export function withoutExpiry(options: string): string {
  return options.replace(/(^|,)expiry-time="[^"]*"/gi, '').replace(/^,/, '');
}
