import { createDocuElevateActivities, type DocuElevateActivities } from '../../../activities/docuelevate/activities.js';
import { Sessions } from '../../../activities/docuelevate/session.js';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../../src/lab/openai/server.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { Bench } from '../bench.js';

/** DocuElevate's lab, the OpenAI lab it calls, and our activities pointed at it. */
export interface DocuElevateFixture {
  readonly lab: DocuElevateLab;
  readonly openAi: OpenAiLab;
  readonly docuelevate: DocuElevateActivities;
  /** What the configuration says. */
  readonly engine: {
    username: string;
    password: string | null;
    settings: Record<string, string>;
    keptDocument?: number;
    testMailTo?: string;
  };
  /** A value that OpenAI accepts. */
  workingKey(): string;
  /** Gives a version a value and puts it into the engine. */
  install(version: VersionRef, parts: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

export async function startDocuElevateFixture(
  bench: Bench,
  options: Partial<DocuElevateLabOptions> = {},
): Promise<DocuElevateFixture> {
  const { store } = bench;
  const openAi = await startOpenAiLab();
  const lab = await startDocuElevateLab({ openAiBaseUrl: openAi.baseUrl, ...options });
  const engine: DocuElevateFixture['engine'] = {
    username: lab.adminUsername,
    password: null,
    settings: { openai_api_key: 'key' },
  };
  const docuelevate = createDocuElevateActivities({
    store,
    sessions: new Sessions(),
    engine: async () => ({ ...engine, url: lab.url, password: async () => engine.password ?? lab.adminPassword }),
  });
  return {
    lab,
    openAi,
    docuelevate,
    engine,
    workingKey: () => openAi.createUserKey('documents').value,
    async install(version, parts) {
      await bench.give(version, parts);
      await bench.attempt(() => docuelevate.writeSettings(version));
    },
    async stop() {
      await lab.stop();
      await openAi.stop();
    },
  };
}

/** How often the lab has seen a request. */
export function count({ requests }: Pick<DocuElevateLab, 'requests'>, method: string, path: string): number {
  return requests.filter((request) => request.method === method && request.path === path).length;
}
