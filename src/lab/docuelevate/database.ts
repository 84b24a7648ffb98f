import type { Clock } from '../clock.js';

/** The engine's database. SQLite reuses ids and stores whole seconds; PostgreSQL does neither. */
export type Database = 'sqlite' | 'postgresql';

/** The current time as the database writes it into a row. Texts of one database sort by time. */
export type Stamp = () => string;

export function createStamp(database: Database, clock: Clock): Stamp {
  if (database === 'sqlite') return () => naiveSeconds(clock());
  let rows = 0;
  return () => inMicroseconds(clock(), (rows = (rows + 1) % 1000));
}

/** A time that a process writes itself: with microseconds, on SQLite without the offset. */
export type Moment = (laterMs?: number) => string;

export function createMoments(database: Database, clock: Clock): Moment {
  return (laterMs = 0) => {
    const text = inMicroseconds(clock() + laterMs);
    return database === 'sqlite' ? text.replace('+00:00', '') : text;
  };
}

/** UTC without an offset or a fraction. */
export function naiveSeconds(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** UTC with an offset. `micros` distinguishes rows of one millisecond when the clock has no fractions. */
export function inMicroseconds(ms: number, micros = 0): string {
  const text = new Date(ms).toISOString().slice(0, 23);
  const fraction = Math.round((ms % 1) * 1000) || micros;
  return `${text}${String(fraction).padStart(3, '0')}+00:00`;
}

/** The error when other rows still reference a deleted row of `files`. Only PostgreSQL checks this. */
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
