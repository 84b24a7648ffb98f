import type { LogLine, ProcessedFile } from './schemas.js';

/** How a step of a document ended. `partly`: some of several services succeeded, and it is not known which. */
export type StepEnd = 'success' | 'partly' | 'failure' | 'skipped';

/** A document of ours in the engine's log. */
export interface Traced {
  /** The task of its intake. */
  readonly task: string;
  /** Id of its first log line. */
  readonly since: number;
}

/**
 * The lines of one document, oldest first. Ids are reused, and tasks of an earlier document may still log under the id. So a line counts
 * only when it is not older than the document's own record. Its task also has to be the intake's, or work on a file that such a task named.
 */
export function ownLines({ logs }: Pick<ProcessedFile, 'logs'>, { task, since }: Traced): LogLine[] {
  const [tasks, files] = [new Set([task]), new Set<string>()];
  return logs
    .filter(({ id }) => id >= since)
    .sort((a, b) => a.id - b.id)
    .filter(({ task_id, subject }) => {
      if (subject !== null && files.has(subject)) tasks.add(task_id);
      if (!tasks.has(task_id)) return false;
      if (subject !== null) files.add(subject);
      return true;
    });
}

/** Steps within another step. Only a line of the outer step shows their failure. */
const outerSteps: Readonly<Record<string, string>> = { post_document: 'upload_to_paperless' };

/** How a step ended, by its newest line. Undefined while it has not ended. Ignores other steps and destinations. */
export function endOf(
  lines: readonly Pick<LogLine, 'step_name' | 'status' | 'counts'>[],
  step: string,
): StepEnd | undefined {
  const at = lines.findLastIndex(({ step_name }) => step_name === step);
  const newest = lines[at];
  const end = (['success', 'failure', 'skipped'] as const).find((each) => each === newest?.status);
  const { done = 0, of = 0 } = newest?.counts ?? {};
  if (end === 'success' && done < of) return 'partly';
  const fails = lines.slice(at).some((line) => line.step_name === outerSteps[step] && line.status === 'failure');
  return newest && !end && fails ? 'failure' : end;
}

/** The end of a step as a verification keeps it, by its last line. Undefined for an end that shows nothing. */
export function sightOf(end: StepEnd | undefined, step: string, last: Pick<LogLine, 'code'> | undefined) {
  if (end === 'success') return { step, end, code: null };
  return end === 'failure' ? { step, end, code: last?.code ?? null } : undefined;
}

/** The step name of the line that announces a step. */
export function queueOf(step: string): string {
  return (outerSteps[step] ?? step).replace('upload_to_', 'queue_');
}

const tries = 4; // the engine retries a failed upload after 1, 5 and 15 minutes

/**
 * Whether the engine will retry a step of the document that failed, or that it could not follow to its end. Until then the document has
 * not ended, whatever its status says.
 */
export function awaitsRetry(lines: readonly LogLine[]): boolean {
  const steps = new Set(lines.map(({ step_name }) => step_name).filter(isRetried));
  return [...steps].some((step) => {
    const own = lines.filter(({ step_name }) => step_name === step);
    const begun = own.filter(({ status }) => status === 'in_progress').length;
    return ['failure', 'in_progress'].includes(own.at(-1)?.status ?? '') && begun < tries;
  });
}

/** The newest failed step with the status in its message, for people. Never the message itself, which may hold the value. */
export function failureIn(lines: readonly LogLine[]): string | null {
  const failed = lines.findLast(({ status }) => status === 'failure');
  if (!failed) return null;
  return failed.code === null ? failed.step_name : `${failed.step_name} (${failed.code})`;
}

/** The engine does not retry AI steps. */
function isRetried(step: string): boolean {
  return step.startsWith('upload_to_') || step.includes('ocr');
}
