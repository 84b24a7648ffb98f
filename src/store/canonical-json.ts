/** JSON with sorted keys and without absent fields, so that equal content gives equal text and an equal HMAC. */
export function canonicalJson(content: Readonly<Record<string, string | number | null | undefined>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))));
}
