import { composeSystems, type Systems } from '../../../workers/compose.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { type Activities, registered } from '../../../workers/registered.js';
import { catalog } from '../../../workflows/catalog.js';
import * as workflows from '../../../workflows/index.js';
import type { RotationWorkflow } from '../../../workflows/rotation/define.js';
import { environment, loadConfig } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { UserError } from '../../domain/user-error.js';
import { takeIn } from './emergency-record.js';
import { loadKeyRing } from '../../store/key-ring.js';
import { openStore } from '../../store/open-store.js';
import type { Store } from '../../store/store.js';

/** A configuration with its store open: what every operation works on. */
export interface Session {
  readonly config: Config;
  readonly store: Store;
  /** Built when it is first used: a command that only sends a message needs none of it. */
  readonly systems: Systems;
  readonly activities: Activities;
  /** Credentials of which something was revoked while the store could not be opened; the ledger now has it. */
  readonly takenIn: readonly string[];
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Path of the configuration file. */
  readonly file: string;
  /** Make the store's database when it is not there yet. */
  readonly create?: boolean;
  /** For an emergency: the store is opened although nothing can be written, as on a full disk. Locks out every other process. */
  readonly alone?: boolean;
}

/** @throws UserError when configuration, key ring or store cannot be used; nothing is changed then */
export async function openSession({ file, create = false, alone = false }: SessionOptions): Promise<Session> {
  const config = loadConfig(file, catalog);
  const ring = await loadKeyRing('file' in config.keyRing ? config.keyRing : { text: textOf(config.keyRing.env) });
  const store = await openStore({ url: `sqlite:${config.store.file}`, ring, create, alone });
  try {
    const takenIn = await takeIn(store, file).catch((error: unknown) => {
      if (alone) return []; // what was done before is taken in later
      throw error;
    });
    const built = once(() => {
      const systems = composeSystems(config, store);
      return { systems, activities: registered(systems) };
    });
    return {
      ...{ config, store, takenIn, close: () => store.destroy() },
      get systems() {
        return built().systems;
      },
      get activities() {
        return built().activities;
      },
    };
  } catch (error) {
    await store.destroy();
    throw error;
  }
}

function once<T>(build: () => T): () => T {
  let built: T | undefined;
  return () => (built ??= build());
}

/** The workflow that rotates a credential. Throws a UserError when there is no such credential. */
export function workflowOf(config: Config, credential: string): RotationWorkflow {
  const name = descriptorOf(config, credential).workflow;
  const workflow = Object.values(workflows)
    .filter(isRotation)
    .find(({ descriptor }) => descriptor.workflow === name);
  if (!workflow) throw new Error(`workflows/index.ts does not export ${name}`);
  return workflow;
}

/** Some workflows belong to no procedure. */
function isRotation(workflow: object): workflow is RotationWorkflow {
  return 'descriptor' in workflow;
}

function textOf(name: string): string {
  const text = environment(name);
  if (text !== undefined) return text;
  throw new UserError(`The environment variable ${name} is not set`, {
    state: 'The key ring is kept there according to the configuration. Nothing was changed.',
    next: 'Set it to the text of the key ring, or correct keyRing in the configuration.',
  });
}
