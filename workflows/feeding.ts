import type { VersionRef } from '../src/domain/version.js';
import type { Run } from './rotation/procedure.js';
import { deployment, docuelevate } from './systems.js';

const restart = 'Restart DocuElevate';
const allNew = 'See that all processes have started anew';

/** Gives the new value to DocuElevate: by its settings API, the guide's Method 1, or by its environment, the guide's Method 2. */
export async function feed(run: Run, settings: string, { noUndo = false } = {}): Promise<void> {
  const { next, environment } = run;
  if (environment) return feedEnvironment(run, settings, noUndo);
  const undo = docuelevate.restoreSettings(next);
  await run.step(`Update ${settings}`, docuelevate.writeSettings(next), noUndo ? {} : { undo });
}

/** Whether DocuElevate still has a version as Keyturn gave it. */
export function stillHolds(run: Run, version: VersionRef): Promise<void> {
  const isOurs = run.environment ? deployment.environmentIsOurs(version) : docuelevate.settingsAreOurs(version);
  return run.check('DocuElevate still holds our change', isOurs);
}

/** The file before the rows: a process that starts by itself in between finds a value that works, in the file or in its row. */
async function feedEnvironment(run: Run, settings: string, noUndo: boolean): Promise<void> {
  const { next, environment } = run;
  const isTask = environment?.restartedBy === 'person';
  if (!noUndo) comeBack(run, isTask);
  const back = (undo: ReturnType<typeof deployment.restoreRows>) => (noUndo ? {} : { undo });
  await run.step(
    `Write ${settings} into the environment file`,
    deployment.writeEnvironment(next),
    back(deployment.restoreEnvironment(next)),
  );
  await run.step(
    `Delete what overrides ${settings} in the database`,
    deployment.deleteRows(next),
    back(deployment.restoreRows(next)),
  );
  await (isTask ? run.task(restart, deployment.askToRestart(next)) : run.step(restart, deployment.restart(next)));
  await run.step(allNew, deployment.requireNewProcesses(next));
}

/** What ends an undo: processes notice only at their start what stands in the environment file again. */
function comeBack(run: Run, isTask: boolean): void {
  const { next } = run;
  if (!isTask) return run.undoLast(restart, deployment.restart(next));
  run.undoLast(allNew, deployment.requireNewProcesses(next));
  run.undoLast(restart, deployment.askToRestartBack(next), { isTask });
}
