import type { Documents, StepStatus } from './documents.js';
import type { Worker } from './worker.js';

/** Statistics of the queue, the worker and the steps in the database. Steps of deleted documents count as well. */
export function queueStats({ tasks, queueLength, gate }: Worker, documents: Documents, reachesBroker: boolean): object {
  const waiting = tasks.waiting() + queueLength;
  const active = tasks.running().map(({ id, name }) => ({ id, name, args: '[]', started: null }));
  const online = reachesBroker && !gate.isBlocked() ? 1 : 0;
  const celery = { active, reserved: [], scheduled: tasks.scheduled(), workers_online: online };
  const queues = { document_processor: waiting, default: 0, celery: 0 };
  return { queues, total_queued: waiting, celery, db_summary: summaryOf(documents) };
}

function summaryOf(documents: Documents): object {
  const ids = [...new Set(documents.logs.flatMap(({ file }) => file ?? []))];
  const states = ids.map((id) => new Set<StepStatus>(documents.steps(id).map(({ status }) => status)));
  const unfinished: StepStatus[] = ['in_progress', 'pending', 'failure'];
  return {
    total_files: documents.files.length,
    processing: states.filter((each) => each.has('in_progress')).length,
    failed: states.filter((each) => each.has('failure') && !each.has('in_progress')).length,
    completed: states.filter((each) => !unfinished.some((status) => each.has(status))).length,
    pending: documents.files.filter(({ id, duplicateOf }) => duplicateOf === null && documents.steps(id).length === 0)
      .length,
    recent_processing: documents.files.flatMap(({ id, name }) =>
      documents
        .steps(id)
        .filter(({ status }) => status === 'in_progress')
        .map((step) => ({ file_id: id, filename: name, current_step: step.name })),
    ),
  };
}
