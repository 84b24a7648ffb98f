import { counted } from '../../domain/counted.js';
import type { Conducted } from '../../operations/emergency/emergency.js';
import type { Impact } from '../../operations/emergency/emergency-choice.js';
import {
  type ContainedVersion,
  type EmergencyState,
  isContained,
  isProvedRefused,
} from '../../operations/emergency/emergency-state.js';
import { columns, facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { roughly } from '../terminal/time.js';

/** The preview of an emergency: what will be revoked, and what will stop working. */
export function previewText(paint: Paint, impacts: readonly Impact[], reason: string): string[] {
  const values = impacts.reduce((sum, { versions }) => sum + versions.length, 0);
  const what = `${counted(values, 'value')} of ${counted(impacts.length, 'credential')}`;
  return [
    paint.bold(`Emergency: ${what} will be revoked now, and replaced after`),
    ...impacts.flatMap((impact) => ['', ...impactText(paint, impact)]),
    '',
    ...facts([[paint.dim('Reason'), reason]]),
    '',
  ];
}

function impactText({ bold, dim, attention }: Paint, impact: Impact): string[] {
  const { credential, owner, engine, settings, versions, stops, containment, outlives, own } = impact;
  const stopped = `documents that need ${settings.join(', ')} at ${engine} fail until a new version is in force`;
  return [
    `${bold(credential)}${owner === null ? '' : dim(`  ${owner}`)}`,
    ...facts([
      [dim('Revoked'), versions.map(versionName).join('\n') || 'what interrupted attempts left behind'],
      [dim('Stops'), stops ? attention(stopped) : 'nothing: the version in force is not revoked'],
      [dim('How'), containment.join(', ')],
      [dim('Outlives'), outlives],
      [dim('Note'), own ? 'Keyturn signs in with it, so it is revoked after the others' : null],
    ]),
  ];
}

function versionName({ number, state, providerId }: Impact['versions'][number]): string {
  return `version ${number} (${[state, providerId].filter(Boolean).join(', ')})`;
}

/** The present state of an emergency, in one line. */
export function stateText({ state, how, trouble }: Conducted, paint: Paint): string {
  const { credential } = state;
  return `${signOf({ state, how, trouble }, paint)} ${paint.bold(credential)}  ${[...pieces(state), tail(how, state, trouble)].filter(Boolean).join('; ')}`;
}

function pieces({ versions, rotated, containedAfterMs }: EmergencyState): string[] {
  const ends = versions.map((version) => `version ${version.number} ${endText(version)}`);
  return [
    ...ends,
    ...(containedAfterMs === null ? [] : [`contained after ${seconds(containedAfterMs)}`]),
    ...(rotated === null ? [] : [`rotated: version ${rotated} is in force`]),
  ];
}

function endText({ end, refused, refusedAfterMs }: ContainedVersion): string {
  if (end === 'live') return 'is not revoked yet';
  if (end === 'disabled') return 'disabled, not revoked yet';
  const after = refusedAfterMs === null ? '' : ` after ${seconds(refusedAfterMs)}`;
  if (refused === 'proved') return `revoked, proved refused${after}`;
  return refused === 'not-observable' ? 'revoked; its refusal cannot be observed' : 'revoked, attested by a person';
}

function tail(how: Conducted['how'], { outcome, why }: EmergencyState, trouble: string | null): string {
  const ended = isGood(outcome) ? '' : `not rotated: ${why ?? outcome ?? ''}`;
  const texts: Readonly<Record<Conducted['how'], string>> = {
    sending: 'sent; no answer yet',
    going: '',
    waiting: `waits for you: ${trouble ?? ''}`,
    nobody: 'no worker took it: start keyturn up or keyturn worker, or revoke now with --direct',
    failed: `failed: ${trouble ?? ''}`,
    ended,
  };
  return texts[how];
}

/** `retired`: the revoked version was not in force, so nothing had to replace it. */
function isGood(outcome: EmergencyState['outcome']): boolean {
  return outcome === 'replaced' || outcome === 'retired';
}

function signOf({ how, state }: Conducted, { good, bad, attention }: Paint): string {
  if (how === 'failed') return bad('✖');
  if (how === 'ended') return isGood(state.outcome) ? good('✔') : bad('✖');
  return attention('◷');
}

/** The result, with what a person has to review now. */
export function summaryText(paint: Paint, results: readonly Conducted[]): string[] {
  const states = results.map(({ state }) => state);
  const contained = states.filter(isContained).length;
  const { bold, good, bad } = paint;
  const done = contained === states.length;
  return [
    '',
    `${done ? good('✔') : bad('✖')} ${bold(`${contained} of ${counted(states.length, 'credential')} contained, ${states.filter(isProvedRefused).length} proved refused, ${states.filter(({ rotated }) => rotated !== null).length} rotated`)}`,
    '',
    ...results.map((result) => stateText(result, paint)),
    ...states.flatMap((state) => toDoText(paint, state)),
    ...states.flatMap((state) => reviewText(paint, state)),
    ...nextText(paint, results),
  ];
}

function toDoText({ bold }: Paint, { credential, toDo }: EmergencyState): string[] {
  return toDo.flatMap(({ id, title, instructions }) => [
    '',
    bold(`To do by hand for ${credential}: ${title} (task ${id})`),
    ...instructions.map((step, index) => `  ${index + 1}. ${step}`),
  ]);
}

const materialLines = 12; // lines; all of it is in the JSON

function reviewText({ bold, dim }: Paint, { credential, versions, outlives, material }: EmergencyState): string[] {
  const uses = versions.filter(({ lastUse }) => lastUse !== null);
  if (uses.length === 0 && material.length === 0 && outlives === null) return [];
  const rows = material.slice(0, materialLines).map(({ source, at, what }) => [dim(source), at ?? '', what]);
  const more = material.length - rows.length;
  return [
    '',
    bold(`To review for ${credential}`),
    ...facts([
      ...uses.map(({ number, lastUse }) => [dim(`Last use of version ${number}`), lastUse] as const),
      ...versions.map(({ number, sessions }) => [dim(`Issued with version ${number}`), sessions] as const),
      [dim('Outlives'), outlives],
    ]),
    ...columns(rows).map((row) => `  ${row}`),
    ...(more > 0 ? [dim(`  and ${more} more, with --json`)] : []),
  ];
}

function nextText({ dim }: Paint, results: readonly Conducted[]): string[] {
  const unfinished = results.filter(({ how }) => how !== 'ended').map(({ state }) => state.credential);
  const next =
    unfinished.length > 0
      ? `keyturn status ${unfinished[0] ?? ''}: the emergency is not over`
      : 'review the material above, and inform everybody concerned';
  return ['', ...facts([[dim('Next'), [...results.flatMap(({ state }) => afterwards(state)), next].join('\n')]])];
}

/** A task that nobody can answer any more. */
function afterwards({ credential, toDo }: EmergencyState): string[] {
  if (!toDo.some(({ state }) => state === 'withdrawn')) return [];
  return [
    `do what is listed for ${credential}. As soon as a worker runs: keyturn emergency ${credential} --reason "…". It asks for the same, and then for a new value`,
  ];
}

/** The JSON document of the command. */
export function documentOf(results: readonly Conducted[]): object {
  const states = results.map(({ state }) => state);
  return {
    contained: states.every(isContained),
    provedRefused: states.every(isProvedRefused),
    rotated: states.every(({ rotated }) => rotated !== null),
    emergencies: results.map(({ state, how, trouble }) => ({ ...state, how, trouble })),
  };
}

export function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : roughly(ms);
}
