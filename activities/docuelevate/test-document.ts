import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { assemblePdf, testPdf } from '../shared/test-pdf.js';

/** What makes one test document differ from every other. */
export interface Occasion {
  readonly installation: string;
  readonly credential: string;
  readonly version: number;
  /** The same for every attempt of one check. */
  readonly check: string;
  /** Counts up when the document of the round before cannot be followed any more. */
  readonly round: number;
}

export interface TestDocument {
  readonly name: string;
  readonly idempotencyKey: string;
  readonly bytes: Buffer;
}

const prefix = 'keyturn-test-';

/** Whether a document is one of ours, by the name that the engine keeps. */
export function isTestDocument(name: string | null | undefined): boolean {
  return name?.startsWith(prefix) === true;
}

/** The same occasion gives the same document, byte for byte; another gives another, since the engine ignores what it has seen. */
export function testDocument(occasion: Occasion, kind: 'text' | 'scan' = 'text'): TestDocument {
  const { installation, credential, version, check, round } = occasion;
  const id = createHash('sha256')
    .update(JSON.stringify([installation, credential, version, check, round]))
    .digest('hex')
    .slice(0, 32);
  return {
    name: `${prefix}${id}.pdf`,
    idempotencyKey: `keyturn-${id}`,
    bytes: kind === 'text' ? testPdf(id) : scan(id),
  };
}

/** The word KEYTURN, five by seven dots a letter. */
const dots = [
  '#...# ##### #...# ##### #...# ####. #...#',
  '#..#. #.... #...# ..#.. #...# #...# ##..#',
  '#.#.. #.... .#.#. ..#.. #...# #...# #.#.#',
  '##... ####. ..#.. ..#.. #...# ####. #.#.#',
  '#.#.. #.... ..#.. ..#.. #...# #.#.. #.#.#',
  '#..#. #.... ..#.. ..#.. #...# #..#. #..##',
  '#...# ##### ..#.. ..#.. .###. #...# #...#',
];
const dotSize = 8; // pixels; OCR wants letters of 12 and more, and pictures of 50 and more

/** A picture of a word and no text: whoever wants the word has to read it. */
function scan(id: string): Buffer {
  const margin = '.....';
  const rows = ['', ...dots, ''].map((row) => (margin + row + margin).padEnd(51, '.').replaceAll(' ', '.'));
  const [width, height] = [51 * dotSize, rows.length * dotSize];
  const lines = rows.flatMap((row) => Array<string>(dotSize).fill(row));
  // One byte for each run of eight pixels, which is one dot: 0 is black.
  const pixels = Buffer.from(lines.flatMap((row) => [...row].map((dot) => (dot === '#' ? 0x00 : 0xff))));
  const image = deflateSync(pixels).toString('latin1');
  const page = 'q 408 0 0 72 90 600 cm /Im1 Do Q';
  const form = `/Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode`;
  return assemblePdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /Im1 4 0 R >> >> /Contents 5 0 R >>',
    `<< /Type /XObject /Subtype /Image ${form} /Length ${image.length} >>\nstream\n${image}\nendstream`,
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    `<< /Title (Keyturn test scan ${id}) >>`,
  ]);
}
