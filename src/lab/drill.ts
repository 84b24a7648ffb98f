import { setTimeout as sleep } from 'node:timers/promises';
import { type Conducted, conduct } from '../operations/emergency/emergency.js';
import { isContained, isProvedRefused } from '../operations/emergency/emergency-state.js';
import { startConsumer } from './consumer.js';
import { type DemoOptions, rehearsed } from './demo.js';
import type { Rehearsal } from './rehearsal.js';
import type { Scenario } from './scenario.js';
import type { Defer } from './with-cleanup.js';

export interface DrillReport {
  readonly outcome: string;
  readonly contained: boolean;
  readonly provedRefused: boolean;
  /** Time from the command to the last proof that a value is refused; null without that proof. */
  readonly secondsToRefused: number | null;
  /** Successful uses of the leaked value that began after it was proved to be refused. */
  readonly attackerSuccessesAfter: number;
  readonly replaced: boolean;
  readonly procedure: string;
  readonly attacker: { readonly attempts: number; readonly successes: number };
  readonly secretsFoundInTemporal: number;
  readonly seconds: number;
}

export interface DrillOptions extends Pick<DemoOptions, 'procedure' | 'onLine' | 'onEnd' | 'interruption'> {
  readonly onChange: (conducted: Conducted) => void;
}

const attackMs = 700; // the attack lasts this long before the emergency, and again after it

/** Simulates a leaked value, an attacker who uses it every 100 ms, and the emergency that ends it. */
export async function runDrill({ onChange, ...options }: DrillOptions): Promise<DrillReport> {
  const { played, ...found } = await rehearsed({ ...options, grace: '0 seconds' }, (rehearsal, scenario, defer) =>
    play({ rehearsal, scenario, onLine: options.onLine, onChange }, defer),
  );
  return { ...played, procedure: options.procedure, ...found };
}

interface Playing extends Pick<DrillOptions, 'onLine' | 'onChange'> {
  readonly rehearsal: Rehearsal;
  readonly scenario: Scenario;
}

type Played = Omit<DrillReport, 'procedure' | 'secretsFoundInTemporal' | 'seconds'>;

async function play({ rehearsal, scenario, onLine, onChange }: Playing, defer: Defer): Promise<Played> {
  const attacker = startAttacker(scenario);
  defer(() => attacker.stop());
  await sleep(attackMs);
  onLine(`The value leaked: an attacker has used it ${attacker.successesSince(0)} times`);
  const { session, client } = rehearsal;
  const { credential } = scenario;
  const asked = { credential, actor: 'demo', reason: 'a drill: the value leaked', versions: null };
  const emergency = await session.store.ask(asked);
  const { signal } = new AbortController();
  const { state } = await conduct({ session, client, signal, onChange }, emergency);
  await sleep(attackMs);
  await attacker.stop();
  const times = state.versions.map(({ refusedAfterMs }) => refusedAfterMs ?? 0);
  const provedRefused = isProvedRefused(state);
  const refusedMs = provedRefused ? Math.max(0, ...times) : null;
  return {
    outcome: state.outcome ?? 'unknown',
    contained: isContained(state),
    provedRefused,
    secondsToRefused: refusedMs === null ? null : refusedMs / 1000,
    attackerSuccessesAfter: attacker.successesSince(state.askedAt + (refusedMs ?? 0)),
    replaced: state.rotated !== null,
    attacker: { attempts: attacker.attempts(), successes: attacker.successesSince(0) },
  };
}

/** Uses the adopted value every 100 ms, and records when it was accepted. */
function startAttacker(scenario: Scenario) {
  const { adopted } = scenario;
  const use = scenario.abuse ?? (async () => Object.values(adopted).some((part) => scenario.working().includes(part)));
  const successes: number[] = [];
  const consumer = startConsumer(async () => {
    const begun = Date.now();
    const through = await use();
    if (through) successes.push(begun);
    return through;
  });
  return {
    attempts: () => consumer.probes,
    /** Number of successful uses that began after this time (Unix ms). */
    successesSince: (at: number) => successes.filter((begun) => begun > at).length,
    stop: () => consumer.stop(),
  };
}
