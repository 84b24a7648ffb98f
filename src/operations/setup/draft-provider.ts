import type { z } from 'zod';
import type { ShownField } from '../../../activities/kit/provider.js';
import { providerOf } from '../../../activities/providers.js';
import type { ProcedureDescriptor } from '../../domain/procedure.js';
import { places } from './init-places.js';

export interface DraftedProvider {
  readonly lines: readonly string[];
  /** Files that a person has to put a secret into. */
  readonly secretFiles: readonly string[];
}

type PlainSettings = Readonly<Record<string, string>>;

/** The `provider` section of a credential: the plain settings of the engine, and blanks for what only the operator knows. */
export function draftProvider(
  { name, descriptor }: { readonly name: string; readonly descriptor: ProcedureDescriptor },
  plain: PlainSettings,
): DraftedProvider {
  const { account, shown: fields } = providerOf(descriptor.provider);
  const shape: Readonly<Record<string, z.ZodType>> = account.shape;
  const secretFiles: string[] = [];
  const lines = Object.entries(shape).flatMap(([key, field]) => {
    const known = knownOf(
      field,
      fields.find((each) => each.field === key),
      plain,
    );
    if (known) return known;
    if (field.safeParse(undefined).success) return [];
    const file = `${places.secrets}/${name}-${key}`;
    const isSecret = field.safeParse({ file }).success;
    if (isSecret) secretFiles.push(file);
    const what = field.description ?? key;
    return isSecret ? [`# FILL IN the file. ${what}`, `${key}: { file: ${file} }`] : [`# FILL IN. ${what}`, `${key}:`];
  });
  const all = [
    ...(lines.length === 0 ? [] : ['provider:', ...lines.map((line) => `  ${line}`)]),
    ...ocrLines(descriptor, plain),
  ];
  return { lines: all, secretFiles };
}

/** Null where the engine does not show the field, or shows what the field cannot take. */
function knownOf(field: z.ZodType, about: ShownField | undefined, plain: PlainSettings): string[] | null {
  if (!about) return null;
  const { setting, unset, as = (text: string) => text } = about;
  const own = plain[setting];
  const text = own ?? unset;
  if (text === undefined) return null;
  const value = [as(text), Number(text)].find((each) => field.safeParse(each).success);
  if (value === undefined) return null;
  const isDefault = own === undefined || own === unset;
  const why = isDefault && unset !== undefined ? `${setting}, which is ${unset} where it is not set` : setting;
  return [`# As DocuElevate has it in ${why}.`, `${about.field}: ${JSON.stringify(value)}`];
}

/** DocuElevate sends scans only to the engines in this list. Its default does not include Azure. */
function ocrLines(
  { settings }: ProcedureDescriptor,
  { ocr_providers: providers = 'tesseract' }: PlainSettings,
): string[] {
  if (!('azure_ai_key' in settings) || providers.split(',').some((each) => each.trim() === 'azure')) return [];
  return [
    `# ocr_providers is ${JSON.stringify(providers)}: DocuElevate reads no scan with Azure, so a rotation cannot show that it uses the new`,
    '# key. Add azure to it first.',
  ];
}
