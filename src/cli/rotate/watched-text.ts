import type { Progress, RotationReport } from '../../domain/rotation.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { failureText } from '../terminal/failure.js';
import { facts, forStream } from '../terminal/layout.js';
import type { Cli } from '../terminal/perform.js';
import { questionText } from './question-text.js';
import { roughly } from '../terminal/time.js';
import type { Watched } from './watch.js';

interface AnswerFields {
  readonly credential: string;
  readonly workflowId?: string;
  readonly isNew?: boolean;
}

/** Reports how watching a rotation ended, and returns the exit code for that. */
export function tellWatched(cli: Cli, watched: Watched, more: AnswerFields): ExitCode {
  const { credential } = more;
  switch (watched.how) {
    case 'ended':
      return tellReport(cli, watched, more);
    case 'waiting':
      cli.answer({ ...more, state: 'waiting', waiting: watched.waiting, progress: watched.progress }, [
        '',
        `${cli.paint.attention('◷')} ${cli.paint.bold(`${credential} waits for you`)}`,
        ...questionText(credential, watched.waiting, cli.paint),
      ]);
      return exitCodes.waiting;
    case 'detached':
      cli.answer({ ...more, state: 'running', progress: watched.progress }, [
        '',
        `${cli.paint.attention('◷')} Detached. The rotation of ${cli.paint.bold(credential)} continues.`,
        ...facts([[cli.paint.dim('Reattach'), `keyturn status ${credential} --follow`]]),
      ]);
      return exitCodes.interrupted;
  }
}

const outcomeCodes: Readonly<Record<RotationReport['outcome'], ExitCode>> = {
  retired: exitCodes.done,
  replaced: exitCodes.done,
  contained: exitCodes.failed,
  'rolled-back': exitCodes.rolledBack,
  abandoned: exitCodes.failed,
  failed: exitCodes.failed,
};

type Ended = Extract<Watched, { how: 'ended' }>;

function tellReport(cli: Cli, { report, progress }: Ended, more: AnswerFields): ExitCode {
  const tookMs = lengthOf(progress);
  const exitCode = outcomeCodes[report.outcome];
  const good = exitCode === exitCodes.done;
  cli.answer(
    { ...more, state: 'ended', ...report, tookMs, progress },
    good ? ['', ...successText(cli, more.credential, { report, progress })] : [],
  );
  if (!good) {
    const lines = badEndText(more.credential, report, progress).map((line) => forStream(line, process.stderr));
    process.stderr.write(`\n${lines.join('\n')}\n`);
  }
  return exitCode;
}

function successText(
  { paint: { good, bold, dim } }: Cli,
  credential: string,
  { report: { version, oldCredential, orphans }, progress }: Omit<Ended, 'how'>,
): string[] {
  const tookMs = lengthOf(progress);
  const earlier = progress?.current ?? null;
  return [
    `${good('✔')} ${bold(`${credential} is rotated: version ${version} is in force`)}`,
    '',
    ...facts([
      [
        dim('Earlier'),
        earlier === null || oldCredential === null
          ? 'there was none to retire'
          : `version ${earlier}: ${endings[oldCredential]}`,
      ],
      [dim('Time'), tookMs === null ? null : roughly(tookMs)],
      [dim('Orphans'), orphans.length === 0 ? 'none' : orphans.join('\n')],
      [dim('Next'), `keyturn status ${credential}`],
    ]),
  ];
}

const endings: Readonly<Record<NonNullable<RotationReport['oldCredential']>, string>> = {
  refused: 'proved refused',
  'not-observable': 'deleted; its refusal cannot be observed',
  attested: 'end attested by a person',
};

function badEndText(
  credential: string,
  { outcome, version, why, orphans }: RotationReport,
  progress: Progress | null,
): string[] {
  const earlier = progress?.current ?? null;
  const headlines: Readonly<Record<RotationReport['outcome'], string>> = {
    retired: '',
    replaced: '',
    'rolled-back': `The rotation of ${credential} was rolled back`,
    abandoned: `The rotation of ${credential} was abandoned`,
    contained: `${credential} is contained: its values are refused, and there is no new one yet`,
    failed: `The rotation of ${credential} failed`,
  };
  const states: Partial<Record<RotationReport['outcome'], string>> = {
    'rolled-back': `Every step was undone; version ${version} is gone.`,
    abandoned: 'Everything was left as it was at that moment.',
    failed: 'Nothing was undone.',
  };
  return failureText({
    what: [headlines[outcome], ...(why === undefined ? [] : [why])].join('\n'),
    ...(outcome === 'rolled-back' && {
      impact: earlier === null ? 'none: the engine keeps its earlier value' : `none: documents use version ${earlier}`,
      safeUntil: 'no limit: what is in force stays valid',
    }),
    ...(outcome === 'contained' && { impact: 'documents fail until a new value is in force', safeUntil: 'now' }),
    state: [states[outcome], ...orphans.map((orphan) => `Orphan: ${orphan}.`)].filter(Boolean).join('\n') || null,
    next: `See the reason, and what is left: keyturn ledger ${credential}, keyturn status ${credential}. Then: keyturn rotate ${credential}`,
  });
}

function lengthOf(progress: Progress | null): number | null {
  const [first] = progress?.steps ?? [];
  const last = progress?.steps.at(-1);
  return first && last?.endedAt !== undefined ? last.endedAt - first.startedAt : null;
}
