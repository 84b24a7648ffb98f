import { EventEmitter, once } from 'node:events';
import type { Phase, Progress, StepProgress, Waiting } from '../../domain/rotation.js';
import type { Sighting } from '../../operations/session/progress.js';
import { printable } from '../terminal/layout.js';
import type { Cli } from '../terminal/perform.js';
import { sign, silenceText, slowText, stepText, waitingText } from './steps-text.js';

/** Shows a rotation in progress. */
interface RotationView {
  show(sighting: Sighting): void;
  /** Stops the view; what was shown last stays on the screen. */
  end(): Promise<void>;
}

/** The view that fits the output. Some terminals, of containers and scripts, have no size: nothing can be drawn there. */
export function viewFor(cli: Pick<Cli, 'json' | 'say' | 'paint'>): RotationView {
  const { isTTY, columns } = process.stdout;
  return !cli.json && isTTY && columns > 0 ? liveView(cli) : plainView(cli);
}

/** A line for each step that ended and for each wait that began: for logs, pipes and JSON. */
function plainView({ say, paint }: Pick<Cli, 'say' | 'paint'>): RotationView {
  const told = new Set<number>();
  let waitedFor = '';
  function tellSteps({ progress }: Sighting): void {
    for (const [index, step] of (progress?.steps ?? []).entries()) {
      if (step.state === 'running' || told.has(index)) continue;
      told.add(index);
      say(`${sign(step, paint)} ${paint.dim(step.phase.padEnd(9))} ${stepText(step, paint)}`);
    }
  }
  return {
    show(sighting) {
      tellSteps(sighting);
      const wait = sighting.silent ?? sighting.progress?.waiting?.why ?? attemptOf(sighting);
      if (wait !== '' && wait !== waitedFor) say(`${paint.attention('◷')} ${slowStep(sighting)}${noteOf(sighting)}`);
      waitedFor = wait;
    },
    end: async () => undefined,
  };
}

/** The same, live: the step in progress has a spinner and shows what it waits for. */
function liveView(cli: Pick<Cli, 'say' | 'paint'>): RotationView {
  const news = new EventEmitter();
  const screen: Screen = { cli, latest: { progress: null }, over: false, change: () => once(news, 'change') };
  const drawn = draw(screen);
  return {
    show(sighting) {
      screen.latest = { ...sighting, progress: sighting.progress ?? screen.latest.progress };
      news.emit('change');
    },
    async end() {
      screen.over = true;
      news.emit('change');
      await drawn;
    },
  };
}

interface Screen {
  readonly cli: Pick<Cli, 'say' | 'paint'>;
  latest: Sighting;
  over: boolean;
  change(): Promise<unknown>;
}

/** Draws the steps in their order; each stays on the screen when it has ended. */
async function draw(screen: Screen): Promise<void> {
  const { say, paint } = screen.cli;
  let phase: Phase | null = null;
  for (let index = 0; ; index++) {
    while (!stepOn(screen, index) && !screen.over) await screen.change();
    const step = stepOn(screen, index);
    if (!step) return;
    if (step.phase !== phase) say('', paint.bold(step.phase));
    phase = step.phase;
    if (step.state === 'running' && !screen.over) await turn(screen, index, step);
    else say(`${sign(step, paint)} ${stepText(step, paint)}`);
  }
}

async function turn(screen: Screen, index: number, begun: StepProgress): Promise<void> {
  const { default: createSpinner } = await import('yocto-spinner');
  const { paint } = screen.cli;
  let step = begun;
  const text = (): string => [step.title, noteOf(screen.latest)].filter(Boolean).map(printable).join('\n  ');
  const spinner = createSpinner({ text: text(), stream: process.stdout, handleSignals: false }).start();
  while (step.state === 'running' && !screen.over) {
    await screen.change();
    step = stepOn(screen, index) ?? step;
    spinner.text = text();
  }
  spinner.stop(`${sign(step, paint)} ${printable(stepText(step, paint))}`);
}

function stepOn({ latest }: Screen, index: number): StepProgress | undefined {
  return latest.progress?.steps[index];
}

/** What delays a rotation right now; empty when nothing does. */
function noteOf({ progress, silent, slow }: Sighting): string {
  if (silent) return silenceText(silent);
  if (slow) return slowText(slow, Date.now());
  return progress?.waiting ? waitingText({ ...progress, waiting: progress.waiting }, Date.now()) : '';
}

/** This view prints steps only when they end, so the step in progress has to be named. */
function slowStep({ progress, slow }: Sighting): string {
  const title = progress?.steps.findLast(({ state }) => state === 'running')?.title;
  return slow && title !== undefined ? `${title}: ` : '';
}

/** Identifies an attempt of a slow step, so that it is printed once. */
function attemptOf({ progress, slow }: Sighting): string {
  return slow ? `${progress?.steps.length ?? 0}/${slow.attempt}` : '';
}

/** Whether a rotation waits for a person. */
export function needsPerson(progress: Progress | null): progress is Progress & { readonly waiting: Waiting } {
  return progress?.waiting?.for === 'operator';
}
