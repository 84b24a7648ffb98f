/** One line of a document's log, as the API shows it. */
export interface Line {
  readonly id: number;
  readonly task_id?: string;
  readonly step_name: string;
  readonly status: string;
  readonly message: string;
}

/** Steps that the real one and the simulated one both have, with whatever destinations. */
const shared =
  /^(finalize_document_storage|send_to_all_destinations|extract_metadata_with_gpt|send_to_user_destinations|upload_file|post_document|poll_task|(queue|upload_to)_(nextcloud|paperless|webdav|ftp|sftp|email|google_drive|user_integration_\d+))$/;

/** Of a document what does not depend on the other destinations: how it stands, and the lines of each step, as many as were kept. */
export function comparable(answer: unknown, kept: unknown): unknown {
  const { json } = answer as {
    json?: {
      logs?: Line[];
      processing_status?: { status: string; has_errors: boolean };
      celery?: { scheduled: { name: string }[] };
    };
  };
  if (json?.celery) {
    const scheduled = json.celery.scheduled
      .slice(0, 1)
      .map((each) => ({ ...each, name: each.name.replace(/upload_to_\w+/, '<upload>') }));
    return {
      ...(answer as object),
      json: { celery: { ...json.celery, scheduled: scheduled.map(({ name }) => name.slice(0, 18)) } },
    };
  }
  if (!json?.logs || !json.processing_status) return answer;
  const { status, has_errors } = json.processing_status;
  const wanted = (kept as { json: { logs: Line[] } }).json.logs.filter(({ step_name }) => shared.test(step_name));
  const steps = Object.groupBy(wanted, ({ step_name }) => step_name);
  const lines = json.logs.toSorted((a, b) => a.id - b.id);
  const entries = Object.entries(steps).map(([step, those]) => {
    const own = lines.filter(({ step_name }) => step_name === step).slice(-(those?.length ?? 0));
    return [step, own.map((line) => `${line.status}: ${line.message}`)];
  });
  return { status, has_errors, steps: Object.fromEntries(entries) as object };
}

/** Numbers of rows: there were others before. */
export function withoutIds(value: unknown): unknown {
  const text = JSON.stringify(value, (name, each: unknown) =>
    /^(id|file_id|intake_id)$/.test(name) && each !== null ? '<id>' : each,
  );
  return JSON.parse(text.replaceAll(/((?:record|ID) )(?:20|48|1|2)\b/g, '$1<id>'));
}
