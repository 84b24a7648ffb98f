import { constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type AccessCheck, accessCheck } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { DeliveryDeps } from './activities.js';
import { may, realPlace, whyFixed } from './fixed.js';
import { placeOf } from './places.js';
import type { Target } from './target.js';

/** The checks of `keyturn check` on places and programs. Changes nothing. */
export async function checkAccess(deps: DeliveryDeps, credential: string): Promise<AccessCheck[]> {
  const path = deps.environment('PATH') ?? '';
  const { targets } = deps.deliveries(credential);
  return Promise.all(targets.flatMap((target) => [...ofFile(target), ...ofProgram(target, path)]));
}

/** A file is replaced, so its folder has to be writable. */
function ofFile(target: Target): Promise<AccessCheck>[] {
  const place = placeOf(target);
  if (!place) return [];
  return [
    accessCheck(place.name, async () => {
      const why = await whyFixed(place.path, place.owner);
      if (why !== null) throw permanent('Rejected', why);
      await place.read();
      const { path } = await realPlace(place.path);
      const really = path === place.path ? '' : `; its real path is ${path}`;
      const found = await stat(path).catch(() => null);
      if (!found) return `it will be created${really}`;
      const mode = place.mode ?? found.mode;
      return (mode & 0o004) === 0
        ? `it can be replaced${really}`
        : { warning: `it can be replaced; everybody on this machine can read it${really}` };
    }),
  ];
}

function ofProgram(target: Target, path: string): Promise<AccessCheck>[] {
  const [program] = 'command' in target ? target.command : (target.reload ?? []);
  return program === undefined ? [] : [checkProgram(program, path)];
}

/** Whether there is such a program, in a folder of `path` unless it names one itself. */
export function checkProgram(program: string, path: string): Promise<AccessCheck> {
  return accessCheck(program, async () => {
    const places = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
    for (const place of places) if (await may(place, constants.X_OK)) return place;
    throw permanent('Rejected', `there is no such program${program.includes('/') ? '' : ' on PATH'}`);
  });
}
