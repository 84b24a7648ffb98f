import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type AccessCheck, look } from '../shared/access.js';
import { permanent } from '../shared/patience.js';
import type { DeliveryDeps } from './activities.js';
import { placeOf } from './places.js';
import type { Target } from './target.js';

export async function checkAccess(
  { deliveries, environment }: DeliveryDeps,
  credential: string,
): Promise<AccessCheck[]> {
  const path = environment('PATH') ?? '';
  return Promise.all(
    deliveries(credential).targets.flatMap((target) => [...ofFile(target), ...ofProgram(target, path)]),
  );
}

/** A file is replaced, so it is the folder that has to take a new one. */
function ofFile(target: Target): Promise<AccessCheck>[] {
  const place = placeOf(target);
  if (!place) return [];
  return [
    look(place.name, async () => {
      const file = await realpath(place.path).catch(() => null);
      const folder = dirname(file ?? place.path);
      if (file !== null && !(await may(file, constants.R_OK))) throw forbidden(`${file} cannot be read`);
      if (!(await may(folder, constants.W_OK | constants.X_OK)))
        throw forbidden(`nothing can be written into ${folder}`);
      return file === null ? 'it will be made' : 'it can be replaced';
    }),
  ];
}

function ofProgram(target: Target, path: string): Promise<AccessCheck>[] {
  const [program] = 'command' in target ? target.command : (target.reload ?? []);
  if (program === undefined) return [];
  return [
    look(program, async () => {
      const places = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
      for (const place of places) if (await may(place, constants.X_OK)) return place;
      throw permanent('Rejected', `there is no such program${program.includes('/') ? '' : ' on PATH'}`);
    }),
  ];
}

function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function forbidden(what: string): Error {
  return permanent('Rejected', `${what}: give Keyturn's user the right to`);
}
