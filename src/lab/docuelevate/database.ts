import type { Clock } from '../clock.js';

/** What the engine keeps its rows in. SQLite gives ids out again and knows seconds; PostgreSQL does neither. */
export type Database = 'sqlite' | 'postgresql';

/** The time now, as a row of the database gets it. Texts of one database sort by time. */
export type Stamp = () => string;

export function createStamp(database: Database, clock: Clock): Stamp {
  if (database === 'sqlite') return () => naiveSeconds(clock());
  let rows = 0;
  return () => inMicroseconds(clock(), (rows = (rows + 1) % 1000));
}

/** A time that a process takes itself and stores: with microseconds, on SQLite without the offset. */
export type Moment = (laterMs?: number) => string;

export function createMoments(database: Database, clock: Clock): Moment {
  return (laterMs = 0) => {
    const text = inMicroseconds(clock() + laterMs);
    return database === 'sqlite' ? text.replace('+00:00', '') : text;
  };
}

/** UTC without saying so, and without a fraction. */
export function naiveSeconds(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** With an offset. Of a clock without fractions `micros` tells the rows of one millisecond apart. */
export function inMicroseconds(ms: number, micros = 0): string {
  const text = new Date(ms).toISOString().slice(0, 23);
  const fraction = Math.round((ms % 1) * 1000) || micros;
  return `${text}${String(fraction).padStart(3, '0')}+00:00`;
}

/** A row of a file may not go while others name it. Only PostgreSQL looks. */
export function foreignKeyViolation(id: number, table: 'files' | 'file_processing_steps'): string {
  const constraint = table === 'files' ? 'files_duplicate_of_id_fkey' : 'file_processing_steps_file_id_fkey';
  return [
    '(psycopg.errors.ForeignKeyViolation) update or delete on table "files" violates foreign key constraint ' +
      `"${constraint}" on table "${table}"`,
    `DETAIL:  Key (id)=(${id}) is still referenced from table "${table}".`,
    '[SQL: DELETE FROM files WHERE files.id = %(id)s::INTEGER]',
    `[parameters: {'id': ${id}}]`,
    '(Background on this error at: https://sqlalche.me/e/21/gkpj)',
  ].join('\n');
}
