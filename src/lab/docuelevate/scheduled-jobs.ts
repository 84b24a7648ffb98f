import { randomUUID } from 'node:crypto';
import type { Routes } from '../routes.js';
import { detail, ok } from './answers.js';
import type { Moment, Stamp } from './database.js';
import { adminOnly, type Visit } from './sessions.js';

/** The engine's housekeeping jobs, in the order of their ids. They do nothing here. */
const names = [
  'process-new-documents',
  'reprocess-failed-documents',
  'cleanup-temp-files',
  'expire-shared-links',
  'prune-processing-logs',
  'prune-old-notifications',
  'backfill-missing-metadata',
  'sync-search-index',
];

const daily = {
  ...{ schedule_type: 'cron', cron_minute: '0', cron_hour: '1', cron_day_of_week: '*', cron_day_of_month: '*' },
  ...{ cron_month_of_year: '*', interval_seconds: null },
};

export function scheduledJobRoutes(stamp: Stamp, moment: Moment): Routes<Visit> {
  const created_at = stamp();
  let jobs = names.map((name, index) => ({
    ...{ id: index + 1, name, display_name: name, description: name, enabled: true, ...daily },
    task_name: `app.tasks.batch_tasks.${name.replaceAll('-', '_')}`,
    ...{
      last_run_at: null as string | null,
      last_run_status: null as string | null,
      last_run_detail: null as string | null,
    },
    ...{ created_at, updated_at: created_at },
  }));
  return {
    'GET /api/admin/scheduled-jobs': adminOnly(() => ok(jobs.toSorted((a, b) => (a.name < b.name ? -1 : 1)))),
    'POST /api/admin/scheduled-jobs/{id}/run-now': adminOnly(({ params }) => {
      const job = jobs.find(({ id }) => id === Number(params.id));
      if (!job) return detail(404, 'Scheduled job not found');
      const ran = {
        last_run_at: moment(),
        last_run_status: 'success',
        last_run_detail: 'nothing to do',
        updated_at: stamp(),
      };
      jobs = jobs.map((each) => (each === job ? { ...each, ...ran } : each));
      return ok({ status: 'dispatched', job_id: job.id, job_name: job.name, task_id: randomUUID() });
    }),
  };
}
