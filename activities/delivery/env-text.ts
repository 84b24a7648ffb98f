import { parseEnv } from 'node:util';

/** One assignment of an environment file. */
interface Assignment {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** What stands after the equals sign, with its quotes. */
  readonly raw: string;
}

// Name, equals sign, and a value: in quotes, which may run over several lines, or bare, up to a comment or the end of the line.
const mark = '\u00EF\u00BB\u00BF'; // of UTF-8, a character for each byte: only the first line may begin with it
const assignment = new RegExp(
  `^(?:${mark})?[ \\t]*(?:export[ \\t]+)?([A-Za-z_]\\w*)[ \\t]*=(?:(?=[ \\t]+#)|[ \\t]*)` +
    `('(?:\\\\'|[^'])*'|"(?:\\\\[\\s\\S]|[^"\\\\])*"|[^\\r\\n]*?(?=[ \\t]*$|[ \\t]+#))`,
  'gm',
);

function assignmentsIn(text: string): Assignment[] {
  return [...text.matchAll(assignment)].map((match) => {
    const [whole, name = '', raw = ''] = match;
    return { start: match.index + whole.length - raw.length, end: match.index + whole.length, name, raw };
  });
}

/** The variable as it stands there, with its quotes and without a comment; null when it is not set. Of several, the last one counts. */
export function rawIn(text: string, name: string): string | null {
  return assignmentsIn(text).findLast((each) => each.name === name)?.raw ?? null;
}

/** The text with the variable set to what is given raw, or without it (null). Everything else stays as it is. */
export function withRaw(text: string, name: string, raw: string | null): string {
  const found = assignmentsIn(text).findLast((each) => each.name === name);
  if (!found && raw === null) return text;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const first = text.startsWith(mark) ? mark.length : 0;
  if (!found) return `${text}${text.length === first || text.endsWith('\n') ? '' : end}${name}=${raw}${end}`;
  if (raw !== null) return text.slice(0, found.start) + raw + text.slice(found.end);
  const lineStart = Math.max(text.lastIndexOf('\n', found.start - 1) + 1, first);
  const lineEnd = text.indexOf('\n', found.end);
  return text.slice(0, lineStart) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
}

/** A value as it is written: bare where nothing in it means anything, else quoted so that every reader takes it literally. */
export function quoted(value: string): string {
  if (/^[\w./:@%+,~^-]+$/.test(value)) return value;
  if (!/['\p{Cc}]/u.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** What a program gets to see of an environment file (decoded): its variables, without the mark that editors on Windows begin it with. */
export function variablesIn(text: string): NodeJS.Dict<string> {
  return parseEnv(text.replace(/^\uFEFF/, ''));
}
