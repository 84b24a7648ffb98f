import { randomBytes } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { PropagationOptions } from '../propagation.js';
import { router } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { ocs } from './answers.js';
import { davHandler, type Files } from './dav.js';
import { ocsRoutes } from './ocs.js';
import { type AppPassword, createState, type NextcloudState, type ServerState, type User } from './state.js';

export interface NextcloudLabOptions extends LabOptions, PropagationOptions {
  /** The account's password; random when left out. */
  readonly accountPassword?: string;
  readonly adminPassword?: string;
}

/** An app password as the server sees it, value included. */
export interface NextcloudLabAppPassword {
  readonly id: number;
  readonly name: string;
  readonly value: string;
  readonly works: boolean;
  readonly deleted: boolean;
}

export interface NextcloudLab extends LabServer {
  /** Address of the account's files, as in the engine's setting. */
  readonly uploadUrl: string;
  readonly username: string;
  /** The account's current password. */
  readonly accountPassword: string;
  /**
   * May be changed. A new password is not copied to the app passwords: they stop working within five minutes, until somebody signs in with
   * it.
   */
  readonly account: Pick<User, 'password' | 'enabled' | 'secondFactor'>;
  readonly adminUsername: string;
  readonly adminPassword: string;
  readonly server: ServerState;
  /** Every app password of the account, including deleted ones, oldest first. */
  appPasswords(): NextcloudLabAppPassword[];
  /** Every value that any app password ever had. */
  values(): string[];
  /** The app password values that are accepted right now. */
  working(): string[];
  /** Whether this value, an app password or the account's password, would be accepted right now. Does not count as a login. */
  works(value: string): boolean;
  /** A person creates one in the settings. Returns its value. */
  createAppPassword(name: string): string;
  /** A person revokes one in the settings. Throws when there is no such value. */
  kill(value: string): void;
  /** Paths of the account's files below its folder. */
  files(): string[];
  /** Received documents, oldest first. */
  arrivals(): readonly Arrival[];
  /** Another account, without rights. */
  addUser(name: string, password: string): void;
  /** Number of wrong passwords that count against an address. */
  attempts(address?: string): number;
  forgiveAttempts(address?: string): void;
}

/** Nextcloud 32.0.1, limited to app passwords and uploads. It does not delay after wrong passwords, but refuses an address after eleven. */
export async function startNextcloudLab(options: NextcloudLabOptions = {}): Promise<NextcloudLab> {
  const state = createState({ clock: Date.now, ...options });
  const files: Files = new Map();
  const arrivals: Arrival[] = [];
  const user = newUser('docuelevate', options.accountPassword);
  const admin = { ...newUser('admin', options.adminPassword), admin: true };
  for (const each of [user, admin]) state.users.set(each.name, each);
  const route = router(ocsRoutes(state), (request) => ocs(request, { code: 998, message: 'Invalid query' }));
  const dav = davHandler(state, files, arrivals);
  const server = await serve(
    (request) => (request.path.startsWith('/remote.php/') ? dav(request) : route(request)),
    options,
  );
  const folder = `/remote.php/dav/files/${user.name}`;
  return {
    ...server,
    uploadUrl: `${server.url}${folder}/`,
    ...{ username: user.name, adminUsername: admin.name, adminPassword: admin.password, server: state.server },
    ...{ account: user, ...appPasswordsOf(state, user) },
    get accountPassword() {
      return user.password;
    },
    files: () => [...files].flatMap(([path, content]) => (content ? [path.slice(folder.length + 1)] : [])),
    arrivals: () => arrivals,
    addUser: (name, password) => void state.users.set(name, newUser(name, password)),
    attempts: (address = '127.0.0.1') => state.attempts(address),
    forgiveAttempts: (address = '127.0.0.1') => state.forgiveAttempts(address),
  };
}

type Controls = Pick<NextcloudLab, 'appPasswords' | 'values' | 'working' | 'works' | 'createAppPassword' | 'kill'>;

function appPasswordsOf(state: NextcloudState, user: User): Controls {
  const own = () => state.appPasswords.filter((each) => each.user === user);
  const works = (each: AppPassword): boolean => user.enabled && state.works(each);
  const controls: Controls = {
    appPasswords: () =>
      own().map((each) => {
        const { id, name, value, deleted } = each;
        return { id, name, value, works: works(each), deleted };
      }),
    values: () => own().flatMap(({ former, value }) => [...former, value]),
    working: () => [
      ...new Set(
        own()
          .filter(works)
          .map(({ value }) => value),
      ),
    ],
    works: (value) => controls.working().includes(value) || (user.enabled && value === user.password),
    createAppPassword: (name) => state.add(user, name).value,
    kill(value) {
      const found = own().find((each) => each.value === value);
      if (!found) throw new RangeError('there is no such app password');
      state.end(found);
    },
  };
  return controls;
}

function newUser(name: string, password = randomBytes(18).toString('base64url')): User {
  return { name, admin: false, password, enabled: true, secondFactor: false };
}
