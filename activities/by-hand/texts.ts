import { freshProofMs } from '../../src/domain/evidence.js';
import type { TaskText } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Intent, Version } from '../../src/store/records.js';
import { waysOf } from './guide.js';
import type { ByHandSection } from './section.js';

/** What the texts of a credential's tasks are made from. */
export interface Subject {
  readonly section: ByHandSection;
  /** Settings that hold the value. */
  readonly settings: readonly string[];
}

/** What the task is for: in an emergency everything before is revoked, and nothing is put back. */
export interface Occasion {
  readonly isEmergency: boolean;
}

export const seeTitle = 'See that it works';
const rollsBack = 'The rotation rolls back, and the old value stays in force';
const staysDark = 'Documents fail until DocuElevate has a new value';
const keepsWaiting = 'The rotation waits, and reminds people';

const keepOld = 'Leave the old value valid: DocuElevate uses it';

/** The provider makes the new value. `label` identifies it as made for this version. */
export function giveText(subject: Subject, label: string, { isEmergency }: Occasion): TaskText {
  const { section, settings } = subject;
  const isSingle = section.overlap === 'single';
  return {
    title: isSingle ? 'Replace the value' : 'Create a new value',
    instructions: [
      ...opening(subject),
      ...(section.instructions ?? waysOf(settings[0] ?? '').create),
      ...(isSingle
        ? atOnce(settings, `The old value ends with that, and ${list(settings)} holds a dead one`)
        : [`If it can have a name, call it ${label}`, ...(isEmergency ? [] : [keepOld])]),
    ],
    ...{ asks: 'value', handsOver: false, otherwise: isEmergency ? staysDark : rollsBack },
  };
}

/** Keyturn has generated the new value. */
export function setText(subject: Subject, { isEmergency }: Occasion): TaskText {
  const { section, settings } = subject;
  const { create } = waysOf(settings[0] ?? '');
  const consequence =
    section.overlap === 'single'
      ? atOnce(settings, `From then on the old value is refused and ${list(settings)} holds a dead one`)
      : [keepOld];
  return {
    title: 'Set the new value',
    instructions: [
      'Take the task: Keyturn then shows the new value, once',
      ...opening(subject),
      ...(section.instructions ?? (isByEngine(settings) ? create : ['Set the new value there'])),
      ...(isEmergency ? [] : consequence),
    ],
    ...{ asks: 'done', handsOver: true, otherwise: isEmergency ? staysDark : rollsBack },
  };
}

/** Where DocuElevate checks the value itself, nothing ends before Keyturn writes the new one. */
function atOnce(settings: readonly string[], why: string): string[] {
  return isByEngine(settings) ? [] : [`${why}: complete this task at once`];
}

export function isByEngine(settings: readonly string[]): boolean {
  return settings.every((setting) => waysOf(setting).checkedByEngine);
}

/** Versions to revoke, each as a person can find it. */
export function revokeText(subject: Subject, versions: readonly string[], title: string): TaskText {
  return {
    title,
    instructions: [
      'Make sure that nothing else uses it',
      ...opening(subject),
      ...waysOf(subject.settings[0] ?? '').revoke,
      ...versions.map((version) => `It is ${version}`),
    ],
    asks: subject.section.probe ? 'done' : 'word',
    handsOver: false,
    otherwise: `${keepsWaiting}. The value works until somebody revokes it`,
  };
}

/** Somebody has what leaked. Where only one value works at a time, it ends when another one takes its place. */
export function containText(subject: Subject, versions: readonly string[], numbers: readonly number[]): TaskText {
  const { section, settings } = subject;
  const text = revokeText(
    subject,
    versions,
    `Revoke what leaked (${list(numbers.map((number) => `version ${number}`))})`,
  );
  const single = [
    'Block the account, or set a password that nobody knows. The new value for DocuElevate is the next task',
    `Documents fail until ${list(settings)} has a new value`,
  ];
  return {
    ...text,
    instructions: section.overlap === 'single' ? [...opening(subject), ...single] : text.instructions.slice(1),
    otherwise: 'What leaked stays usable',
  };
}

/** Nothing but a person can see whether the settings work. */
export function seeText({ settings }: Subject): TaskText {
  return {
    title: seeTitle,
    instructions: [`Try what uses ${list(settings)} in DocuElevate`, 'Say what you saw'],
    ...{ asks: 'word', handsOver: false, otherwise: `${keepsWaiting}, or rolls back while it can` },
    validMs: freshProofMs,
  };
}

/** The rotation rolls back, and somebody may have replaced the only value without saying so. */
export function seeOldText({ settings, ...subject }: Subject, { credential, number }: VersionRef): TaskText {
  return {
    title: 'See that the old value still works',
    instructions: [
      'The rotation rolls back. Somebody was asked to replace the value, and may have done so without saying it',
      ...opening({ settings, ...subject }),
      `If the value was replaced, set version ${number} again there: keyturn reveal ${credential} --version ${number} shows it`,
      `Try what uses ${list(settings)} in DocuElevate, and say what you saw`,
      'If the old value cannot be set again, decline: the rotation can then be abandoned, and the next one asks for a new value',
    ],
    asks: subject.section.probe ? 'done' : 'word',
    ...{ handsOver: false, otherwise: `${keepsWaiting}. If the value was replaced, documents fail` },
  };
}

function opening({ section: { name, account, page }, settings }: Subject): string[] {
  const where = page ?? waysOf(settings[0] ?? '').page;
  return [`Open ${name}${where === undefined ? '' : ` (${where})`}${account === undefined ? '' : `, as ${account}`}`];
}

export function list(settings: readonly string[]): string {
  return settings.join(' and ');
}

/** For a person who has to find it among others: when it was made, and under which name. */
export function described({ number, createdAt, adopted }: Version, intents: readonly Intent[]): string {
  const intent = intents.filter(({ version }) => version === number).at(-1);
  const made = adopted ? 'adopted' : intent?.outcome === 'open' ? 'perhaps created' : 'created';
  const name = intent ? `, named ${intent.label} if it has a name` : '';
  return `version ${number}, ${made} ${new Date(createdAt).toISOString()}${name}`;
}
