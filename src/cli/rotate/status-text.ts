import type { Waiting } from '../../domain/rotation.js';
import type { CredentialStatus } from '../../operations/rotate/status.js';
import type { ChannelState } from '../../store/records.js';
import { columns } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { questionText } from './question-text.js';
import { slowText, waitingText } from './steps-text.js';
import { moment, roughly } from '../terminal/time.js';
import { inForceCell } from '../reconcile/verify-text.js';

/** The table of `keyturn status`, and below it what a person should look at. */
export function statusText(all: readonly CredentialStatus[], paint: Paint): string[] {
  if (all.length === 0) return ['The configuration has no credential yet.'];
  const header = ['credential', 'version', 'state', 'verified', 'age', 'next due', 'last rotation'].map((text) =>
    paint.dim(text),
  );
  return [
    ...columns([header, ...all.map((status) => cells(status, paint))]),
    ...all.flatMap((status) => details(status, paint)),
  ];
}

/** Notification channels that are broken. */
export function channelsText(broken: readonly ChannelState[], { attention, bold }: Paint): string[] {
  const lines = broken.map(
    ({ name, brokenSince, why }) =>
      `${attention('!')} ${bold(name)} has delivered no message since ${moment(brokenSince ?? 0)}: ${why ?? 'no reason known'}. To test it: keyturn notify test`,
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

function cells(status: CredentialStatus, paint: Paint): string[] {
  const { credential, current, dueAt, occasion, overdue, scheduled, paused, last } = status;
  const unplanned = paused !== null ? ' (paused)' : scheduled ? '' : ' (not scheduled)';
  const due =
    dueAt === null
      ? (occasion ?? '–')
      : overdue
        ? paint.bad(`overdue since ${moment(dueAt).slice(0, 10)}`)
        : `${moment(dueAt).slice(0, 10)}${paint.dim(unplanned)}`;
  return [
    paint.bold(credential),
    current === null ? '–' : String(current.number),
    stateOf(status, paint),
    inForceCell(status.inForce, paint),
    current === null ? '–' : roughly(current.ageMs),
    due,
    last === null ? '–' : `${last.outcome} ${moment(last.at).slice(0, 16)}`,
  ];
}

function stateOf({ rotation, current }: CredentialStatus, { good, attention, dim }: Paint): string {
  if (rotation) return attention(waits[rotation.progress?.waiting?.for ?? 'nothing']);
  if (current === null) return dim('not adopted');
  return current.adopted ? 'adopted' : good('rotated');
}

const waits: Readonly<Record<Waiting['for'] | 'nothing', string>> = {
  operator: 'waits for you',
  grace: 'in grace',
  pause: 'in grace',
  retry: 'tries again',
  nothing: 'rotating',
};

function details(status: CredentialStatus, paint: Paint): string[] {
  const { credential, rotation, trouble } = status;
  const lines = [
    ...(rotation ? running(credential, rotation, paint) : []),
    ...schedule(status),
    ...(status.endsAt === null ? [] : [`the value expires at ${moment(status.endsAt)}`]),
    ...inForce(status, paint),
    ...engine(status, paint),
    ...trouble.map((sentence) => `${paint.attention('!')} ${sentence}`),
  ];
  return lines.length === 0 ? [] : ['', paint.bold(credential), ...lines.map((line) => `  ${line}`)];
}

/** A suspicion, and why the last verification saw nothing. */
function inForce({ inForce: seen }: CredentialStatus, { attention, dim }: Paint): string[] {
  if (!seen) return [];
  return [
    ...(seen.state === 'suspected' ? [`${attention('?')} ${seen.why}`] : []),
    ...(seen.trouble === null ? [] : [dim(`the last verification saw nothing: ${seen.trouble}`)]),
  ];
}

/** How its engine was seen to behave where the vendor's documentation is silent. */
function engine({ engine: seen, credential }: CredentialStatus, { attention, dim }: Paint): string[] {
  if (!seen) return [];
  const release = `engine ${seen.version ?? 'of unknown release'}, seen ${moment(seen.at).slice(0, 10)}`;
  const stale = `the engine runs another release now, so this is not used: keyturn check --deep ${credential}`;
  return [dim(`${release}: ${waysOf(seen).join('; ')}`), ...(seen.stale ? [`${attention('!')} ${stale}`] : [])];
}

function waysOf(seen: NonNullable<CredentialStatus['engine']>): string[] {
  const told = (what: string, way: string | null): string => `${what} ${way ?? 'unknown'}`;
  const restart = { kept: 'keeps', replaced: 'replaces' } as const;
  return [
    `${told('expiries by', seen.change)}, with ${seen.precision} digits of a second`,
    told('a value twice', seen.duplicates),
    told('an expiry in the past', seen.pastExpiry),
    told('rotate', seen.rotate),
    told('shown by', seen.probe),
    ...(seen.lagMs === null ? [] : [`propagated after ${seen.lagMs} ms`]),
    ...(seen.restart === null ? [] : [`a restart ${restart[seen.restart]} what is set`]),
    ...(seen.sessions === null ? [] : [told('sessions', seen.sessions)]),
  ];
}

/** Only what the table does not show: a person to wait for, why the schedule is paused, or a window that begins after the due day. */
function schedule(status: CredentialStatus): string[] {
  const { credential, waitingFor, scheduled, paused, overdue, dueAt, nextWindowAt, rotation } = status;
  const later = scheduled && !rotation && dueAt !== null && nextWindowAt !== null && nextWindowAt > dueAt;
  return [
    ...(waitingFor === null ? [] : [`waiting for ${waitingFor}`]),
    ...(paused === null || overdue
      ? []
      : [`its schedule is paused (${paused}). To resume it: keyturn schedules resume ${credential}`]),
    ...(later ? [`its next free window begins ${moment(nextWindowAt).slice(0, 16)}`] : []),
  ];
}

function running(
  credential: string,
  { version, openedAt, actor, reason, progress, slow }: NonNullable<CredentialStatus['rotation']>,
  paint: Paint,
): string[] {
  const { dim, attention } = paint;
  const step = progress?.steps.findLast(({ state }) => state === 'running');
  const now =
    progress === null
      ? 'its progress is known to Temporal only'
      : `phase ${progress.phase}${step ? `: ${step.title}` : ''}`;
  const { waiting } = progress ?? {};
  return [
    `rotation to version ${version}, since ${moment(openedAt)}, by ${actor} ${dim(`(${reason})`)}`,
    now,
    ...(slow ? [attention(slowText(slow, Date.now()))] : []),
    ...(waiting && waiting.for !== 'operator' ? [attention(waitingText({ credential, waiting }, Date.now()))] : []),
    ...(waiting?.for === 'operator' ? [attention('waits for you'), ...questionText(credential, waiting, paint)] : []),
  ];
}
