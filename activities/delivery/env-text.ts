import { parseEnv } from 'node:util';

interface Assignment {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** The text after the equals sign, with its quotes. */
  readonly raw: string;
}

const byteOrderMark = '\u00EF\u00BB\u00BF'; // of UTF-8, one character per byte; only the first line may begin with it

// Name, equals sign, spaces, and a value: in quotes, which may span several lines, or up to the end of the line.
const assignment = new RegExp(
  `^(?:${byteOrderMark})?[ \\t]*(?:export[ \\t]+)?([A-Za-z_]\\w*)[ \\t]*=([ \\t]*)` +
    `('(?:\\\\'|[^'])*'|"(?:\\\\[\\s\\S]|[^"\\\\])*"|[^\\r\\n]*)`,
  'gm',
);

function assignmentsIn(text: string): Assignment[] {
  return [...text.matchAll(assignment)].map((match) => {
    const [whole, name = '', spaces = '', rest = ''] = match;
    const isEmpty = spaces !== '' && rest.startsWith('#');
    const start = match.index + whole.length - rest.length - (isEmpty ? spaces.length : 0);
    const raw = isEmpty ? '' : /^['"]/.test(rest) ? rest : withoutComment(rest);
    return { start, end: start + raw.length, name, raw };
  });
}

/** An unquoted value ends before the spaces in front of a comment or the line end. */
function withoutComment(rest: string): string {
  const comment = rest.search(/[ \t]#/);
  let end = comment < 0 ? rest.length : comment;
  while (end > 0 && ' \t'.includes(rest.charAt(end - 1))) end -= 1;
  return rest.slice(0, end);
}

/** The variable's raw text, with its quotes and without a comment. Null when it is not set. Of several assignments the last one counts. */
export function rawIn(text: string, name: string): string | null {
  return assignmentsIn(text).findLast((each) => each.name === name)?.raw ?? null;
}

/** The text with the variable set to `raw`, or without the variable (null). Everything else stays as it is. */
export function withRaw(text: string, name: string, raw: string | null): string {
  const found = assignmentsIn(text).findLast((each) => each.name === name);
  if (!found && raw === null) return text;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const first = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  if (!found) return `${text}${text.length === first || text.endsWith('\n') ? '' : end}${name}=${raw}${end}`;
  if (raw !== null) return text.slice(0, found.start) + raw + text.slice(found.end);
  const lineStart = Math.max(text.lastIndexOf('\n', found.start - 1) + 1, first);
  const lineEnd = text.indexOf('\n', found.end);
  return text.slice(0, lineStart) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
}

/** A value as it is written: unquoted without special characters, else quoted so that every reader takes it literally. */
export function quoted(value: string): string {
  if (/^[\w./:@%+,~^-]+$/.test(value)) return value;
  if (!/['\p{Cc}]/u.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** The variables that a program reads from a decoded environment file, without a byte order mark. */
export function variablesIn(text: string): NodeJS.Dict<string> {
  return parseEnv(text.replace(/^\uFEFF/, ''));
}
