const moments = /^(?:at|since|until|from|anchor)$|(?:At|Since|Until)$/;
const earliest = 100_000_000_000; // Unix ms of 1973: a number below is a count, such as the entry at which a chain is broken

/** The JSON document of a command, on one line. Moments, which are Unix milliseconds inside of Keyturn, are written as ISO 8601 in UTC. */
export function jsonOf(document: unknown): string {
  return JSON.stringify(document, (key, value: unknown) =>
    typeof value === 'number' && value >= earliest && moments.test(key) ? new Date(value).toISOString() : value,
  );
}
