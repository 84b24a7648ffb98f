import { type Answer, jsonBody, type Routes } from '../routes.js';
import { detail, ok, type Problem, redirect, unprocessable } from './answers.js';
import type { ApiProcess } from './api-process.js';
import { type SettingInfo, settingKeys, unknownSetting } from './setting-keys.js';
import { adminOnly, type Visit } from './sessions.js';
import { type Change, masked, type Settings } from './settings.js';

const setting = '/api/settings/{key}';

/** The settings API, for admins. The documented bulk update cannot be reached, because `POST {key}` matches its path. */
export function settingRoutes(settings: Settings): Routes<Visit> {
  const routes = { ...reads(settings), ...writes(), ...undoing() };
  return Object.fromEntries(Object.entries(routes).map(([route, handle]) => [route, adminOnly(handle)]));
}

function reads(settings: Settings): Routes<Visit> {
  return {
    'GET /api/settings': () => redirect('/api/settings/', 307),
    'GET /api/settings/'({ api }) {
      const values = [...settingKeys.keys()].map((key) => [key, view(api, key)]);
      const rows = [...settings.rows].map(([key, value]) => [key, masked(key, value)]);
      const settingsByKey = Object.fromEntries(values) as object;
      return ok({ settings: settingsByKey, categories: categories(), db_settings: Object.fromEntries(rows) as object });
    },
    'GET /api/settings/credentials': ({ api }) => ok(credentials(api)),
    'GET /api/settings/audit-log'({ query }) {
      const limit = Number(query.get('limit') ?? 100);
      const offset = Number(query.get('offset') ?? 0);
      const entries = settings
        .changes()
        .slice(offset, offset + limit)
        .map(redacted);
      return ok({ entries, limit, offset });
    },
    'GET /api/settings/export-env': ({ query, api }) => exported(settings, api, query.get('source') ?? 'db'),
    [`GET ${setting}`]: ({ params: { key = '' }, api }) => malformed(key) ?? ok({ key, ...asText(view(api, key)) }),
    [`GET ${setting}/history`]: ({ params: { key = '' } }) =>
      malformed(key) ?? ok({ key, history: settings.history(key).map(redacted) }),
  };
}

function writes(): Routes<Visit> {
  const save = (visit: Visit, problems: Problem[], body: { readonly value?: unknown }): Answer => {
    const { key = '' } = visit.params;
    if (problems.length > 0) return unprocessable(problems);
    const value = typeof body.value === 'string' ? body.value : null;
    const refused = malformed(key) ?? unknownKey(key) ?? whyNotValue(key, value);
    if (refused) return refused;
    visit.api.write(key, value, who(visit));
    const restart_required = settingKeys.get(key)?.restartRequired ?? false;
    const message = `Setting '${key}' updated successfully`;
    return ok({ success: true, message, restart_required, key, value: masked(key, value) });
  };
  const handler =
    (fields: readonly string[]) =>
    (visit: Visit): Answer => {
      const body = jsonBody(visit);
      return save(visit, bodyProblems(body, fields), isRecord(body) ? body : {});
    };
  return {
    [`POST ${setting}`]: handler(['key']),
    [`PUT ${setting}`]: handler([]),
  };
}

function undoing(): Routes<Visit> {
  return {
    [`DELETE ${setting}`](visit) {
      const { key = '' } = visit.params;
      const refused = malformed(key) ?? unknownKey(key);
      if (refused) return refused;
      if (!visit.api.remove(key, who(visit))) return detail(404, `Setting '${key}' not found in database`);
      return ok({
        success: true,
        message: `Setting '${key}' deleted from database (will use environment variable or default)`,
      });
    },
    [`POST ${setting}/rollback/{id}`](visit) {
      const { key = '', id = '' } = visit.params;
      if (!/^\d+$/.test(id))
        return unprocessable([{ type: 'int_parsing', loc: ['path', 'history_id'], msg: 'not a number', input: id }]);
      if (!visit.api.rollBack(key, Number(id), who(visit)))
        return malformed(key) ?? detail(404, `History entry ${id} not found for setting '${key}'`);
      return ok({ success: true, message: `Setting '${key}' rolled back to history entry ${id}` });
    },
  };
}

/** Every row, or the effective value of every setting, as lines of an environment file. */
function exported(settings: Settings, api: ApiProcess, source: string): Answer {
  if (!['db', 'effective'].includes(source)) return detail(400, "source must be 'db' or 'effective'");
  const keys = source === 'db' ? settings.rows.keys() : settingKeys.keys();
  const lines = [...keys].sort().flatMap((key) => {
    const value = masked(key, settings.rows.get(key) ?? inPython(key, api.current(key)));
    return value === null ? [] : [`${key.toUpperCase()}=${value}`];
  });
  return { status: 200, body: `# Source: ${source}\n${lines.join('\n')}\n` };
}

/** A value without a row as a Python process prints it. An empty list of secrets is masked as if it had entries. */
function inPython(key: string, value: string | null): string | null {
  const type = settingKeys.get(key)?.type;
  if (type === 'boolean') return /^(true|1|yes)$/i.test(value ?? '') ? 'True' : 'False';
  return type === 'list' ? `[${(value ?? '').split(',').join(', ')}]` : value;
}

function who({ session }: Visit): string {
  return session.data.user?.preferred_username ?? 'admin';
}

function malformed(key: string): Answer | null {
  return /^[A-Za-z]\w{0,127}$/.test(key) ? null : detail(400, 'Invalid setting key format');
}

function unknownKey(key: string): Answer | null {
  return settingKeys.has(key) ? null : detail(404, `Setting '${key}' not found`);
}

const forms: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/,
  boolean: /^(true|false|1|0|yes|no)$/i,
};

/** The engine's few rules for values. It trims nothing and does not check the format of credentials. */
function whyNotValue(key: string, value: string | null): Answer | null {
  const info = settingKeys.get(key);
  if (info?.environmentOnly) return detail(400, `${key} must be configured through the deployment secret`);
  if (!value) return whyNotEmpty(key, info);
  if (key === 'session_secret' && value.length < 32) return detail(400, `${key} must be at least 32 characters`);
  const form = info && forms[info.type];
  return form && !form.test(value) ? detail(400, `${key} must be a valid ${info.type}`) : null;
}

function whyNotEmpty(key: string, info: SettingInfo | undefined): Answer | null {
  return info?.required ? detail(400, `${key} is required`) : null;
}

const notAnObject = 'Input should be a valid dictionary or object to extract fields from';

function bodyProblems(body: unknown, required: readonly string[]): Problem[] {
  if (body === undefined) return [{ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error', input: {} }];
  if (!isRecord(body)) return [{ type: 'model_attributes_type', loc: ['body'], msg: notAnObject, input: body }];
  const missing = required.filter((name) => !(name in body));
  const wrong = ['key', 'value'].filter((name) => !['string', 'undefined'].includes(typeof (body[name] ?? undefined)));
  return [
    ...missing.map((name) => ({ type: 'missing', loc: ['body', name], msg: 'Field required', input: body })),
    ...wrong.map((name) => ({
      type: 'string_type',
      loc: ['body', name],
      msg: 'Input should be a valid string',
      input: body[name],
    })),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value in the API process's memory, which differs from the database after a delete. */
function view(api: ApiProcess, key: string): { readonly value: string | null; readonly metadata: object } {
  const { category, type, sensitive, required, restartRequired: restart_required, options } = infoOf(key);
  const about = { category, description: describe(key), type, sensitive, required, restart_required };
  const link = key === 'database_url' ? { help_link: '/database-wizard', help_link_label: 'database wizard' } : {};
  return { value: masked(key, api.current(key)), metadata: { ...about, ...(options ? { options } : {}), ...link } };
}

/** A single setting is shown as Python prints it. */
function asText({ value, metadata }: ReturnType<typeof view>): ReturnType<typeof view> {
  const isBoolean = (metadata as Partial<SettingInfo>).type === 'boolean';
  return { metadata, value: isBoolean && value !== null ? (/^(true|1|yes)$/i.test(value) ? 'True' : 'False') : value };
}

function infoOf(key: string): SettingInfo {
  return settingKeys.get(key) ?? unknownSetting;
}

function describe(key: string): string {
  return key.replaceAll('_', ' ');
}

function redacted(change: Change): Change {
  const hide = (value: string | null): string | null =>
    value && settingKeys.get(change.key)?.sensitive ? '[REDACTED]' : value;
  return { ...change, old_value: hide(change.old_value), new_value: hide(change.new_value) };
}

function categories(): object {
  const found: Record<string, string[]> = {};
  for (const [key, { category }] of settingKeys) (found[category] ??= []).push(key);
  return found;
}

function credentials(api: ApiProcess): object {
  const list = [...settingKeys]
    .filter(([, { sensitive }]) => sensitive)
    .map(([key, { category, restartRequired: restart_required }]) => {
      const source = api.source(key);
      return { key, category, description: describe(key), configured: source !== null, source, restart_required };
    });
  const configured_count = list.filter(({ configured }) => configured).length;
  return {
    credentials: list,
    total: list.length,
    configured_count,
    unconfigured_count: list.length - configured_count,
  };
}
