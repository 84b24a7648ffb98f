import { z } from 'zod';
import {
  type CredentialSetting,
  credentialSettings,
  recommendationFor,
  typeOf,
} from '../../activities/docuelevate/credential-settings.js';
import { valueTypes } from '../../activities/docuelevate/value-types.js';
import { ProbeSection } from '../../activities/probes/probes.js';
import { type Overlap, type ProcedureDescriptor, recommendationText } from '../domain/procedure.js';
import { type GuideRow, guideRows } from './guide.js';
import { configJsonSchema } from './json-schema.js';

/** Of the configuration's JSON schema, as far as a table needs it. */
interface Node {
  readonly description?: string;
  readonly const?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: { readonly oneOf?: readonly Node[] };
}

/**
 * The generated tables of README and docs, as Markdown, by the name in their markers.
 * @throws Error when the schema has no section for a procedure, which is a bug
 */
export function tables(catalog: readonly ProcedureDescriptor[]): Readonly<Record<string, string>> {
  const root = JSON.parse(configJsonSchema(catalog)) as Node;
  const credentials = variants(root, 'credentials');
  const sections = catalog.map((descriptor) => {
    const own = credentials.find(({ properties }) => properties?.['procedure']?.const === descriptor.id);
    return [descriptor.provider, own?.properties?.['provider']] as const;
  });
  const engines = variants(root, 'engines').map(
    (engine) => [`engine ${engine.properties?.['kind']?.const ?? ''}`, fieldsTable(engine)] as const,
  );
  return {
    credentials: credentialsTable(catalog),
    settings: settingsTable(catalog),
    guide: guideTable(catalog),
    'guide intervals': intervalsTable(catalog),
    'credential fields': fieldsTable(required(credentials[0]), ['procedure', 'provider', 'schedule']),
    schedule: fieldsTable(required(credentials[0]?.properties?.['schedule'])),
    notifications: fieldsTable(required(root.properties?.['notifications'])),
    ...Object.fromEntries(catalog.map((descriptor) => [`procedure ${descriptor.id}`, factsTable(descriptor)])),
    ...Object.fromEntries(sections.map(([name, node]) => [`provider ${name}`, fieldsTable(required(node))])),
    ...Object.fromEntries(engines),
    ...Object.fromEntries(
      ProbeSection.options.map((section) => [`probe ${section.shape.protocol.value}`, probeTable(section)]),
    ),
  };
}

/**
 * Replaces the text between each `<!-- generated: NAME -->` and `<!-- end -->` with the table of that name.
 * @throws Error when there is no table of that name
 */
export function withTables(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(?<=<!-- generated: (.+?) -->\n)[^]*?(?=<!-- end -->)/g, (_earlier, name: string) => {
    const table = known[name];
    if (table === undefined) throw new Error(`there is no table "${name}" to generate`);
    return `${table}\n`;
  });
}

const overlaps: Readonly<Record<Overlap, string>> = {
  'both-valid': 'both values valid',
  'two-slots': 'two slots, one in use',
  single: 'one value at a time',
};

const proved = 'proved: it is refused';
const withoutProof = { 'not-observable': 'not observable', attested: 'attested by a person' } as const;

function endOf({ refusal, anySetting }: ProcedureDescriptor): string {
  if (anySetting) return 'proved with a probe, else attested by a person';
  return refusal === undefined ? proved : withoutProof[refusal];
}

function credentialsTable(catalog: readonly ProcedureDescriptor[]): string {
  const rows = catalog.map((descriptor) => {
    const { id, provider, engine, overlap } = descriptor;
    const how = descriptor.anySetting ? 'as configured' : overlaps[overlap];
    return [`\`${id}\``, `\`${provider}\``, `\`${engine}\``, how, endOf(descriptor)];
  });
  return table(['procedure', 'provider', 'engine', 'overlap', 'end of the old value'], rows);
}

function settingsTable(catalog: readonly ProcedureDescriptor[]): string {
  const rows = Object.entries(credentialSettings).map(([key, setting]) => {
    const { proof, section, restart } = setting;
    const shown = [proof?.step, proof?.test].flatMap((name) => (name === undefined ? [] : [`\`${name}\``])).join(', ');
    const recommended = recommendationFor([key]);
    const when = recommended ? recommendationText(recommended) : '';
    return [`\`${key}\``, fateOf(key, setting, catalog), when, shown, restart ? 'yes' : '', section ?? ''];
  });
  const head = ['setting', 'how it is rotated', 'when', 'what shows that it is used', 'restart', 'guide section'];
  return table(head, rows);
}

const fates = {
  value: '`by-hand`',
  environment: '`by-hand` with `via: environment` ([deployment.md](deployment.md))',
  unread: 'not at all: nothing reads it',
} as const;

function fateOf(key: string, setting: CredentialSetting, catalog: readonly ProcedureDescriptor[]): string {
  const own = catalog.find(({ engine, settings }) => engine === 'docuelevate' && key in settings);
  if (own) return `\`${own.id}\``;
  if (key === 'session_secret') return notYet;
  return setting.kind === 'part' ? `together with \`${setting.of}\`` : fates[setting.kind];
}

function guideTable(catalog: readonly ProcedureDescriptor[]): string {
  const rows = guideRows(catalog).map(({ section, settings, by, recommendation }) => [
    ...[section, settings.map((key) => `\`${key}\``).join(', ')],
    ...(by ? [`\`${by.procedure}\``, by.needsPerson ? 'with a person' : 'automatic'] : [notYet, '']),
    ...[by ? overlaps[by.overlap] : '', recommendationText(recommendation), by ? endProof(by) : ''],
  ]);
  return table(['guide section', 'settings', 'procedure', 'who', 'overlap', 'when', 'end of the old value'], rows);
}

const notYet = 'not yet: it needs a handover between two keys';

function endProof({ probe }: NonNullable<GuideRow['by']>): string {
  if (probe === null) return withoutProof.attested;
  return probe === 'own' ? proved : `${proved}, with a probe ([\`${probe}\`](probes.md#${probe})), else attested`;
}

/** The settings of the guide's sections by its table of intervals. */
function intervalsTable(catalog: readonly ProcedureDescriptor[]): string {
  const known = guideRows(catalog).flatMap(({ settings }) => settings);
  const rows = Object.entries(valueTypes).flatMap(([type, { row, ...recommendation }]) => {
    const own = known.filter((key) => typeOf(key) === type).map((key) => `\`${key}\``);
    return [[row ?? 'no row: private keys', recommendationText(recommendation), own.join(', ')]];
  });
  return table(['guide row', 'when', 'settings'], rows);
}

function factsTable(descriptor: ProcedureDescriptor): string {
  const { section, overlap, settings, gap, pause, ends, outlives } = descriptor;
  const facts = {
    'guide section': section,
    interval: descriptor.anySetting ? 'that of its settings ([guide.md](guide.md))' : recommendationText(descriptor),
    overlap: descriptor.anySetting ? 'as configured' : overlaps[overlap],
    settings: descriptor.anySetting
      ? 'those that the configuration names'
      : Object.entries(settings)
          .map(([setting, part]) => `\`${setting}\` (${part})`)
          .join(', '),
    'what can fail meanwhile': gap,
    'switched off before it is deleted': pause,
    'end of the old value': endOf(descriptor),
    'ends with the old value': ends,
    'outlives the old value': outlives,
  };
  const rows = Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, cell(fact)]]));
  return table(['fact', 'value'], rows);
}

function fieldsTable(node: Node, leftOut: readonly string[] = []): string {
  const rows = fieldsOf(node).filter(([name]) => !leftOut.some((out) => name === out || name.startsWith(`${out}.`)));
  if (rows.length === 0) return 'It has no fields.';
  return table(
    ['field', 'default', 'meaning'],
    rows.map(([name, without, meaning]) => [`\`${name}\``, cell(without), cell(meaning)]),
  );
}

function probeTable(section: z.ZodType): string {
  return fieldsTable(z.toJSONSchema(section, { target: 'draft-7', io: 'input' }) as Node);
}

type Field = readonly [name: string, without: string, meaning: string];

/** The fields of a section and of the sections inside it, with dotted names. */
function fieldsOf({ properties = {}, required: needed = [] }: Node, prefix = ''): Field[] {
  return Object.entries(properties).flatMap(([name, node]): Field[] => {
    if (node.const !== undefined) return [];
    const own: Field = [
      `${prefix}${name}`,
      needed.includes(name) ? 'required' : defaultOf(node),
      node.description ?? '',
    ];
    return [own, ...fieldsOf(node, `${prefix}${name}.`)];
  });
}

function defaultOf({ default: value }: Node): string {
  return ['string', 'number', 'boolean'].includes(typeof value) && value !== '' ? `\`${value as string}\`` : '';
}

function variants(root: Node, name: string): readonly Node[] {
  return required(root.properties?.[name]?.additionalProperties?.oneOf);
}

function required<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('the configuration schema does not have the shape that its tables expect');
  return found;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll(/[|<]/g, '\\$&');
}
