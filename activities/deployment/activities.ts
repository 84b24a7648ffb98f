import type { DocuElevateDeps } from '../docuelevate/activities.js';
import { withDeps } from '../shared/with-deps.js';
import { checkAccess, checkEngine } from './access.js';
import { askToRestart, askToRestartBack, type TasksOf } from './ask.js';
import { forgetEarlier, restoreEnvironment, writeEnvironment } from './environment-file.js';
import { requireNewProcesses } from './processes.js';
import { restart } from './restart.js';
import { deleteRows, restoreRows } from './rows.js';
import { environmentIsOurs, look, survey } from './sight.js';
import type { Turns } from './turns.js';

/** How an engine is run. */
export interface Deployment {
  /** The engine's name in the configuration. */
  readonly engine: string;
  /** Null where nobody named it. */
  readonly envFile: string | null;
  /** Program and arguments that recreate the processes. Null where a person does that. */
  readonly restart: readonly string[] | null;
  /** Every credential whose value is in its environment: a restart for one of them is a restart for all. */
  readonly credentials: readonly string[];
}

export interface DeploymentDeps extends DocuElevateDeps {
  /** Throws for a credential of another kind of engine. */
  readonly deployment: (credential: string) => Deployment;
  /** The process environment. Commands get only a few of its variables. */
  readonly environment: (name: string) => string | undefined;
  readonly turns: Turns;
  /** How long after its beginning another rotation is waited for, so that one restart serves both, in milliseconds. */
  readonly gatherMs: number;
  /** Who restarts an engine that no command restarts, and by when. */
  readonly tasks: TasksOf;
  /** How long processes may take to be up after they were started, in milliseconds. */
  readonly upWithinMs: number;
  /** How long a person may take to restart them, once they have said that they begin, in milliseconds. */
  readonly watchMs: number;
}

/** Settings that live in an engine's environment: its environment file, its rows that override it, and restarts. */
export function createDeploymentActivities(deps: DeploymentDeps) {
  return withDeps(deps, {
    ...{ writeEnvironment, restoreEnvironment, environmentIsOurs, forgetEarlier },
    ...{ deleteRows, restoreRows },
    ...{ restart, askToRestart, askToRestartBack, requireNewProcesses },
    ...{ look, survey },
    ...{ checkEngine, checkAccess },
  });
}

export type DeploymentActivities = ReturnType<typeof createDeploymentActivities>;
