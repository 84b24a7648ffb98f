import type { LogLine, ProcessedFile } from './schemas.js';

/** How a step of a document ended. `partly`: some of several services succeeded, and which is not said. */
export type StepEnd = 'success' | 'partly' | 'failure' | 'skipped';

/** A document of ours, as the engine's log tells it apart from others. */
export interface Traced {
  /** Of the intake. */
  readonly task: string;
  /** Id of the log line with which its record began. */
  readonly since: number;
}

/**
 * The lines of one document, oldest first. An id may have been given out before, and tasks of its earlier holder go on logging under it. So
 * a line counts when it is newer than the document's own record and its task is the intake's, or works on a file that such a task named.
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

/** A step within another one: when it fails, a line of the outer one is all that tells. */
const outerSteps: Readonly<Record<string, string>> = { post_document: 'upload_to_paperless' };

/** How a step ended, by the newest of its lines; undefined while it has not. Other steps, and other destinations, are not looked at. */
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

/** The line that says that a step will come. */
export function queueOf(step: string): string {
  return (outerSteps[step] ?? step).replace('upload_to_', 'queue_');
}

const tries = 4; // the engine tries a failed upload again after 1, 5 and 15 minutes

/** Whether a step of the document failed and is tried again later: until then the document has not ended, whatever its status says. */
export function awaitsRetry(lines: readonly LogLine[]): boolean {
  const steps = new Set(lines.map(({ step_name }) => step_name).filter(isRetried));
  return [...steps].some((step) => {
    const own = lines.filter(({ step_name }) => step_name === step);
    const begun = own.filter(({ status }) => status === 'in_progress').length;
    return own.at(-1)?.status === 'failure' && begun < tries;
  });
}

/** The newest step that failed, and the status that its message names, for a person. Never the message: it may hold the value itself. */
export function failureIn(lines: readonly LogLine[]): string | null {
  const failed = lines.findLast(({ status }) => status === 'failure');
  if (!failed) return null;
  return failed.code === null ? failed.step_name : `${failed.step_name} (${failed.code})`;
}

/** Steps of an AI are not tried again. */
function isRetried(step: string): boolean {
  return step.startsWith('upload_to_') || step.includes('ocr');
}
