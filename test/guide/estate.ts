import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Peers } from '../../src/lab/docuelevate/peers.js';
import type { Task } from '../../src/domain/task.js';
import type { Deed, Handed } from '../../src/lab/people.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { waysOf } from '../../activities/by-hand/guide.js';
import { visit } from '../lab/docuelevate-visitor.js';
import { rehearse } from '../support/rehearsal.js';
import { fresh, type Site } from './site.js';
import type { Method, Place } from './walk.js';

/** Sites around one DocuElevate, with Keyturn on them. */
export interface Estate {
  at(credential: string): Place;
  stop(): Promise<void>;
}

/** A credential by hand, and the person who does its tasks. */
interface Kept {
  readonly settings: readonly string[];
  readonly site: Site;
  /** Every value it ever had, by the name that the person gave it. */
  readonly values: Map<string, string>;
  /** Whether the person declines the next task. */
  declines: boolean;
}

type Settings = Readonly<Record<string, readonly string[]>>;

/** Starts DocuElevate and Keyturn, and adopts the first value of every site. */
export async function openEstate<S extends Settings>(
  settings: S,
  sites: Readonly<Record<keyof S & string, Site>>,
  method: Method,
): Promise<Estate> {
  const kept = new Map(
    Object.entries(settings).map(([name, own]): [string, Kept] => {
      const site: Site = sites[name as keyof S & string];
      return [name, { settings: own, site, values: new Map([['adopted', site.first]]), declines: false }];
    }),
  );
  const docuelevate = await startEngine([...kept.values()], method);
  const scenario = await scenarioOf(kept, docuelevate, method);
  const rehearsal = await rehearse(scenario);
  for (const [credential, { site }] of [...kept].slice(1))
    await adopt(rehearsal.session, { credential, parts: { value: site.first }, soleUser: true, actor: 'test' });
  return {
    at(credential) {
      const one = kept.get(credential);
      if (!one) throw new Error(`nothing is kept as ${credential}`);
      const holds = (): string | null => {
        const [value = null, ...differing] = new Set(one.settings.map((key) => method.holds(docuelevate, key)));
        return differing.length === 0 ? value : null;
      };
      return {
        ...{ rehearsal, credential, holds, working: () => working(one) },
        prepare: () => one.site.prepare?.(docuelevate),
        async trouble() {
          if (one.site.trouble) return one.site.trouble();
          one.declines = overlapOf(one) === 'single';
          const [, ...others] = one.declines ? [] : await working(one);
          for (const value of others) one.site.end(value);
          return () => others.forEach((value) => one.site.set(value));
        },
      };
    },
    stop: () => rehearsal.stop(),
  };
}

function startEngine(kept: readonly Kept[], { lab }: Method): Promise<DocuElevateLab> {
  const given = kept.map(({ site }) => site.options);
  const values = kept.flatMap(({ settings, site }) => settings.map((key) => [key, site.first]));
  const environment = Object.assign({}, ...given.map((each) => each.environment), Object.fromEntries(values)) as object;
  const peers = Object.assign({}, ...given.map((each) => each.peers)) as Peers;
  return startDocuElevateLab({
    ...(Object.assign({}, ...given) as object),
    ...lab,
    ...{ peers, environment: { ...environment, multi_user_enabled: 'true' } },
    uploadsPerMinute: 1000, // a test document of every other second would wait for the next minute
  });
}

const overlapOf = ({ settings }: Kept) => waysOf(settings[0] ?? '').overlap ?? 'both-valid';

async function working({ site, values }: Kept): Promise<string[]> {
  const live: string[] = [];
  for (const value of values.values()) if (await site.accepts(value)) live.push(value);
  return live;
}

async function scenarioOf(
  kept: ReadonlyMap<string, Kept>,
  docuelevate: DocuElevateLab,
  method: Method,
): Promise<Scenario> {
  const [[credential = '', first] = []] = kept;
  const admin = await addAdministrator(docuelevate);
  for (const { site } of kept.values()) site.meet?.(docuelevate);
  const { envFile, restart } = docuelevate.compose ?? {};
  const deployed = { envFile, ...(method.byPerson ? {} : { restart }) };
  const deployment = envFile === undefined ? {} : { deployment: deployed };
  const engine = { kind: 'docuelevate', url: docuelevate.url, testMailTo: 'keyturn@example.test', ...deployment };
  const entries = [...kept].map(([name, one]) => {
    const provider = { ...one.site.provider, overlap: overlapOf(one) };
    const entry = { procedure: 'by-hand', engine: 'docs', owner: 'platform', settings: one.settings, provider };
    return [name, { ...entry, ...method.entry }];
  });
  return {
    ...{ systems: { docuelevate }, credential, adopted: { value: first?.site.first ?? '' } },
    config: {
      engines: { docs: { ...engine, admin: { username: admin.username, password: { file: './docuelevate-admin' } } } },
      credentials: Object.fromEntries(entries) as Record<string, object>,
    },
    secretFiles: { 'docuelevate-admin': admin.password },
    people: (task, handed) => perform(kept.get(task.credential), docuelevate, { task, handed }),
    consume: () => Promise.resolve(true),
    ...{ engineHolds: () => null, working: () => [], received: () => [] },
    secrets: () => [...kept.values()].flatMap(({ values }) => [...values.values()]),
    async stop() {
      await docuelevate.stop();
      for (const { site } of kept.values()) await site.stop?.();
    },
  };
}

/** An account of Keyturn's own, so that the administrator's password is one value among others. */
async function addAdministrator(docuelevate: DocuElevateLab) {
  const account = { username: 'keyturn', password: fresh(), email: 'keyturn-admin@example.test', is_admin: true };
  const visitor = visit(docuelevate);
  await visitor.login();
  const added = await visitor.send('POST', '/api/admin/users/local', { json: account });
  if (added.status !== 201) throw new Error(`DocuElevate added no administrator: ${added.status}`);
  return account;
}

interface Asked {
  readonly task: Task;
  readonly handed: Handed;
}

/** Does what the instructions say, and nothing that they do not say. */
async function perform(one: Kept | undefined, docuelevate: DocuElevateLab, { task, handed }: Asked): Promise<Deed> {
  if (!one) throw new Error(`nobody knows ${task.credential}`);
  if (one.declines) {
    one.declines = false;
    return { state: 'declined', words: 'the console is down' };
  }
  if (task.title.startsWith('Restart DocuElevate')) {
    setTimeout(() => void docuelevate.compose?.run(['up', '--force-recreate']), 1_000); // once Keyturn watches
    return { state: 'done', words: null };
  }
  const { site, values } = one;
  const text = task.instructions.join('\n');
  if (task.asks === 'value' || task.handsOver) {
    const [, name = `the ${values.size}th`] = /call it (\S+)/.exec(text) ?? [];
    const { value = (site.issue ?? fresh)() } = task.handsOver ? await handed() : {};
    values.set(name, value);
    site.set(value);
    return { state: 'done', words: null, ...(!task.handsOver && { parts: { value } }) };
  }
  if (task.title === 'See that it works') return see(one, docuelevate);
  for (const value of doomedBy(text, one)) site.end(value);
  return { state: 'done', words: 'it is gone' };
}

/** Signs in with what DocuElevate has. */
async function see({ site, settings }: Kept, docuelevate: DocuElevateLab): Promise<Deed> {
  const works = await site.accepts(docuelevate.apiHolds(settings[0] ?? '') ?? '');
  return works ? { state: 'done', words: 'it works' } : { state: 'declined', words: 'nobody can sign in' };
}

/** The values that a task names. Where one works at a time, that one is meant. */
function doomedBy(text: string, one: Kept): string[] {
  if (overlapOf(one) === 'single') return [[...one.values.values()].at(-1) ?? ''];
  const named = [...text.matchAll(/named (\S+) if/g)].map(([, name = '']) => name);
  return [...named, ...(text.includes(', adopted ') ? ['adopted'] : [])].flatMap((name) => one.values.get(name) ?? []);
}
