import { counted } from '../../domain/counted.js';
import type { RequestTemplate } from '../../domain/requests.js';
import { formatDuration } from '../../domain/duration.js';
import type { Environment } from '../../operations/session/environment.js';
import type { Outlook } from '../../operations/rotate/outlook.js';
import type { PlannedStep, PlannedWait, Totals } from '../../operations/rotate/plan.js';
import { columns, facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';

/** A plan for people: each step, what undoes it, and the point of no return. */
export function planText(outlook: Outlook, paint: Paint): string[] {
  const { credential, section, plan, current } = outlook;
  const adopt = `if the engine uses a value now: keyturn adopt ${credential}; if not: `;
  return [
    `${paint.bold(credential)}  ${paint.dim(section)}`,
    '',
    ...facts([
      [paint.dim('Totals'), totalsText(outlook.totals)],
      [paint.dim('Signs'), signs],
      ...overview(outlook, paint),
      ...Object.entries(outlook.systems).map(([system, address]) => [paint.dim(system), address] as const),
      ...outlook.deliveries.map((place) => [paint.dim('Delivers to'), place] as const),
    ]),
    ...phases(plan).flatMap(([phase, steps]) => [
      '',
      paint.bold(phase),
      ...steps.flatMap((step) => stepText(step, outlook, paint)),
    ]),
    '',
    ...facts([[paint.dim('Next'), `${current === null ? adopt : ''}keyturn rotate ${credential}`]]),
  ];
}

const signs = '• step   ◷ wait   ? request only when needed   … request several times';

function totalsText({ steps, requests, optionalRequests, testDocuments, waitMs }: Totals): string {
  const wait = waitMs === 0 ? 'no wait' : `waits of ${formatDuration(waitMs)}`;
  return [
    counted(steps, 'step'),
    `${counted(requests, 'request')}, and ${optionalRequests} only when needed`,
    ...(testDocuments === 0 ? [] : [counted(testDocuments, 'test document')]),
    wait,
  ].join('; ');
}

function overview(
  { current, next, overlap, ends, gap, unconfirmed, rotating, containment, environment, plan }: Outlook,
  { dim, attention }: Paint,
): [string, string | null][] {
  const version =
    current === null
      ? `version ${next}; nothing was adopted, so the value that is in force now is not retired`
      : `version ${current} → version ${next}`;
  return [
    [dim('Versions'), version],
    [dim('Overlap'), gap ?? overlaps[overlap]],
    [dim('Ends'), ends],
    [
      dim('First'),
      unconfirmed
        ? `version ${current} was adopted and not proved to work yet, so it is first ${writesAgain(plan) ? 'written again and ' : ''}tested with a document`
        : null,
    ],
    [dim('Emergency'), `at once, without grace and without undo: ${containment.join(' → ')}; then a new value`],
    [attention('Restart'), environment && restartText(environment)],
    [attention('Running'), rotating ? 'a rotation is running already; rotate would only follow it' : null],
  ];
}

function writesAgain(plan: Outlook['plan']): boolean {
  return plan.some(
    (step) =>
      'activity' in step && step.phase === 'confirm' && /^docuelevate\.writeSettings$|\.addSecret$/.test(step.activity),
  );
}

function restartText({ settings, version }: Environment): string {
  return `DocuElevate's environment also sets ${settings.join(' and ')}, to the value of version ${version}. A DocuElevate worker that starts while Redis is empty uses that value, and fails once it is retired. keyturn check says what to do`;
}

const overlaps: Readonly<Record<Outlook['overlap'], string>> = {
  'both-valid': 'both values work until the old one is retired: no gap',
  'two-slots': 'two slots, one of them in use: no gap',
  single: 'only one value can be valid: a short gap cannot be avoided',
};

function phases(plan: Outlook['plan']): [string, (PlannedStep | PlannedWait)[]][] {
  const grouped = new Map<string, (PlannedStep | PlannedWait)[]>();
  for (const step of plan) grouped.set(step.phase, [...(grouped.get(step.phase) ?? []), step]);
  return [...grouped];
}

function stepText(step: PlannedStep | PlannedWait, { systems, plan }: Outlook, paint: Paint): string[] {
  if ('waitMs' in step)
    return [`  ${paint.attention('◷')} ${step.title} ${paint.attention(formatDuration(step.waitMs))}`];
  const isPoint = step === plan.find((each) => 'pastNoReturn' in each && each.pastNoReturn);
  return [
    ...(isPoint ? [paint.bad('  ── point of no return: from here on nothing can be undone ──')] : []),
    `  ${paint.dim('•')} ${step.title}${step.byPerson ? paint.attention(' (a person)') : ''}`,
    ...requests(step.requests, systems).map((text) => `      ${paint.dim(text)}`),
    ...(step.undo === null ? [] : [`      ${paint.dim(`undo: ${step.undo}`)}`]),
  ];
}

/** Each path begins with the path of its system's base address. */
function requests(templates: readonly RequestTemplate[], systems: Outlook['systems']): string[] {
  return columns(
    templates.map(({ system, method, path, optional, repeated }) => {
      const base = new URL(systems[system] ?? 'http://unknown').pathname.replace(/\/$/, '');
      return [system, `${method} ${base}${path}${optional ? ' ?' : ''}${repeated ? ' …' : ''}`];
    }),
  );
}
