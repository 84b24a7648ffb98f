import { deliveredPart, partsOf, type ProcedureDescriptor } from '../domain/procedure.js';
import type { ConfigFinding } from './findings.js';
import { didYouMean } from './nearest.js';
import type { Outline } from './outline.js';

/** Mistakes in deliveries: a missing target, or a wrong part of the value. */
export function deliveries({ credentials }: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { procedure, deliver }]) => {
    const known = catalog.find(({ id }) => id === procedure);
    if (!known) return [];
    const path = ['credentials', name];
    if (!deliver) return missingDelivery(known).map((message) => ({ path, message }));
    return deliver.flatMap(({ part }, index) =>
      wrongPart(known, part).map((message) => ({
        path: [...path, 'deliver', index, ...(part === undefined ? [] : ['part'])],
        message,
      })),
    );
  });
}

function missingDelivery({ delivers }: ProcedureDescriptor): string[] {
  if (delivers === undefined) return [];
  return [`say with "deliver:" where a new ${delivers} goes; otherwise its users are locked out`];
}

function wrongPart(descriptor: ProcedureDescriptor, part: string | undefined): string[] {
  const parts = partsOf(descriptor);
  const choice = parts.map((each) => `part: ${each}`).join(' or ');
  if (part === undefined && deliveredPart(descriptor) === undefined)
    return [`say which part of the value goes there: write ${choice}`];
  if (part === undefined || parts.includes(part)) return [];
  return [`a value of ${descriptor.id} has no part "${part}"${didYouMean(part, parts)}; write ${choice}`];
}
