import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { assemblePdf, testPdf } from '../shared/test-pdf.js';

/** The inputs that make a test document unique. */
export interface Occasion {
  readonly installation: string;
  readonly credential: string;
  readonly version: number;
  /** Equal for every attempt of one check. */
  readonly check: string;
  /** Raised when the document of the previous round can no longer be followed. */
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

/** Equal occasions give equal documents, byte for byte. Others differ, since the engine ignores bytes that it has seen. */
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
const dotSize = 8; // pixels; OCR needs letters of at least 12 pixels and images of at least 50

/** An image of a word without a text layer, so that OCR is needed. */
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
