import {
  type Document,
  type ErrorCode,
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';

/** Keys from the top of the file down to one entry. */
export type Path = readonly PropertyKey[];

/** A mistake at an offset of the text. */
export interface Flaw {
  readonly offset: number;
  readonly message: string;
}

/** A parsed YAML text, with the positions of its entries. */
export interface YamlSource {
  /** The parsed values; undefined when they cannot be parsed. */
  readonly content: unknown;
  readonly flaws: readonly Flaw[];
  /** From this offset on, the structure is uncertain. */
  readonly brokenAt: number;
  /** Offset of an entry's key; for a missing entry, the offset of the section that lacks it. */
  locate(path: Path): { readonly offset: number; readonly found: boolean };
  /** Counted from 1. */
  position(offset: number): { readonly line: number; readonly column: number };
}

/** Our own messages, because the parser's messages quote the text, which may contain a pasted secret. */
const wording: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'an alias (*name) needs its anchor (&name) above it; put text that begins with "*" or "&" into quotes',
  BAD_DQ_ESCAPE: 'a backslash has a meaning in double quotes; use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line; put each on its own',
  DUPLICATE_KEY: 'this key appears twice',
  MISSING_CHAR: 'something is missing here: a ":" after a key, a closing quote or bracket, or a comma',
  MULTILINE_IMPLICIT_KEY: 'a key without a ":" after it',
  MULTIPLE_DOCS: 'a second document begins here; the configuration is a single document',
  TAB_AS_INDENT: 'a tab; indent with spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported; put text that begins with "!" into quotes',
  UNEXPECTED_TOKEN: 'this does not belong here; is a quote or a bracket missing before it?',
};

/** Errors that leave the structure certain. */
const local: ReadonlySet<ErrorCode> = new Set(['BAD_DQ_ESCAPE', 'DUPLICATE_KEY', 'TAG_RESOLVE_FAILED']);

/** Reads a text; never throws. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  // One mistake often causes several errors at the same position.
  const errors = [
    ...new Map([...document.warnings, ...document.errors].map((error) => [error.pos[0], error])).values(),
  ];
  const flaws = errors.map(({ pos, code }) => ({ offset: pos[0], message: wording[code] ?? 'this is not valid YAML' }));
  const badAliases = aliasFlaws(document);
  const content = badAliases.length === 0 ? contentOf(document) : { flaws: badAliases };
  const breaks = errors.filter(({ code }) => !local.has(code)).map(({ pos }) => pos[0]);
  return {
    content: content.value,
    flaws: [...flaws, ...content.flaws],
    brokenAt: content.flaws.length > 0 ? 0 : Math.min(...breaks),
    locate: (path) => locate(document, path),
    position: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) }; // 0 for an empty text
    },
  };
}

function contentOf(document: Document): { value?: unknown; flaws: Flaw[] } {
  try {
    return { value: document.toJS(), flaws: [] };
  } catch {
    return { flaws: [{ offset: 0, message: 'the aliases expand to more than a configuration can hold' }] };
  }
}

/** Aliases without an anchor, and aliases that contain themselves. */
function aliasFlaws(document: Document): Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      const message = target ? 'this alias is inside the part that it repeats' : wording.BAD_ALIAS;
      if (message && (!target || ancestors.includes(target))) flaws.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return flaws;
}

function locate(document: Document, path: Path): { offset: number; found: boolean } {
  let place: { offset: number; node: unknown } = { offset: 0, node: document.contents };
  for (const key of path) {
    const inner = enter(isAlias(place.node) ? place.node.resolve(document) : place.node, String(key));
    if (!inner) return { offset: place.offset, found: false };
    place = inner;
  }
  return { offset: place.offset, found: true };
}

function enter(node: unknown, key: string): { offset: number; node: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    return pair && isScalar(pair.key) ? { offset: pair.key.range?.[0] ?? 0, node: pair.value } : undefined;
  }
  const item = isSeq(node) ? node.items[Number(key)] : undefined;
  return isNode(item) ? { offset: item.range?.[0] ?? 0, node: item } : undefined;
}
