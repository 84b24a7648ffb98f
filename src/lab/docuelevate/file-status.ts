import type { FileRecord, StepRow } from './documents.js';

export type FileStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'duplicate';

/** The engine's status of a document as a whole. It can change back and forth. A duplicate's other steps do not count. */
export interface Summary {
  readonly status: FileStatus;
  readonly last_step: string | null;
  readonly has_errors: boolean;
  readonly total_steps: number;
}

/** The steps of the engine's own processing profile, in its order. */
export const afterStart: readonly string[] = [
  'create_file_record',
  'convert_to_pdf',
  'check_for_duplicates',
  'check_text',
  'extract_text',
  'process_with_ocr',
  'extract_metadata_with_gpt',
  'embed_metadata_into_pdf',
  'compute_embedding',
  'finalize_document_storage',
  'send_to_all_destinations',
];

/** The last step, and the step that replaces it when a document goes to its owner's own destinations. */
const [terminal, ownTerminal] = ['send_to_all_destinations', 'send_to_user_destinations'];

/** The status on a document's own page. Queued uploads count as well. */
export function summarize(file: FileRecord, steps: readonly StepRow[]): Summary {
  if (file.duplicateOf !== null) return duplicate;
  const main = file.planned ? afterStart : afterStart.filter((name) => name !== 'convert_to_pdf');
  const counted = steps.filter(
    ({ name }) => [...main, ownTerminal].includes(name) || /^(queue_|upload_to_)/.test(name),
  );
  return { ...statusFields(counted), last_step: newest(steps)?.name ?? null };
}

/** The status in a list of documents. Conversion and embedding do not count. */
export function summarizeInList(file: FileRecord, steps: readonly StepRow[]): Summary {
  if (file.duplicateOf !== null) return duplicate;
  const main = afterStart.filter((name) => !['convert_to_pdf', 'compute_embedding'].includes(name));
  const counted = steps.filter(({ name }) => [...main, ownTerminal].includes(name) || name.startsWith('upload_to_'));
  return { ...statusFields(counted), last_step: newest(counted)?.name ?? null };
}

const duplicate: Summary = {
  status: 'duplicate',
  last_step: 'check_for_duplicates',
  has_errors: false,
  total_steps: 0,
};

function statusFields(steps: readonly StepRow[]): Pick<Summary, 'status' | 'has_errors' | 'total_steps'> {
  return {
    status: statusOf(steps),
    has_errors: steps.some(({ status }) => status === 'failure'),
    total_steps: steps.length,
  };
}

function statusOf(steps: readonly StepRow[]): FileStatus {
  const states = steps.map(({ status }) => status);
  if (states.includes('failure')) return 'failed';
  if (states.includes('in_progress')) return 'processing';
  const ends = steps.filter(({ name }) => [terminal, ownTerminal].includes(name));
  const end = ends.find(({ status }) => status === 'success') ?? ends[0];
  if (end?.status === 'success') return 'completed';
  return end && !states.includes('pending') ? 'completed' : 'pending';
}

/** The most recently changed step; the first one on a tie. */
function newest(steps: readonly StepRow[]): StepRow | undefined {
  return steps.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt))[0];
}
