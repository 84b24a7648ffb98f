import ssh2, { type AnyAuthMethod, type SFTPWrapper } from 'ssh2';

/** One connection to an SSH server, which is asked one thing after the other and tells what came of it. */
export interface Dialogue {
  /** What the server calls itself; known once something was answered. */
  ident(): string;
  /** `accepted`, `refused`, or `hung up`; for the method `none` which ones are left. */
  offer(method: AnyAuthMethod): Promise<string>;
  openSftp(): Promise<string>;
  /** The names in the folder that the session began in. */
  list(): Promise<string>;
  /** Goes away without a word. */
  end(): void;
}

export function startDialogue(port: number): Dialogue {
  const client = new ssh2.Client();
  let ident = '';
  let over = false;
  let sftp: SFTPWrapper | undefined;
  let current: AnyAuthMethod | undefined;
  let next: ((method: AnyAuthMethod) => void) | undefined;
  let answer: (text: string) => void = () => undefined;
  const hungUp = (): void => {
    over = true;
    answer('hung up');
  };
  client.on('ready', () => answer('accepted'));
  client.on('error', hungUp).on('close', hungUp);
  const begin = (username: string): void => {
    client.connect({
      ...{ host: '127.0.0.1', port, username, hostVerifier: () => true },
      debug: (line) => (ident = /^Remote ident: '(.*)'$/.exec(line)?.[1] ?? ident),
      authHandler(left, _partial, use) {
        next = use;
        if (left === null) next(current!);
        else answer(current?.type === 'none' ? `methods that can go on: ${left.join(',')}` : 'refused');
      },
    });
    client.setNoDelay(true);
  };
  const open = (): Promise<SFTPWrapper> =>
    new Promise((resolve, reject) => client.sftp((error, opened) => (error ? reject(error) : resolve(opened))));
  return {
    ident: () => ident,
    offer: (method) =>
      new Promise((resolve) => {
        if (over) return resolve('hung up');
        answer = resolve;
        current = method;
        if (next) next(method);
        else begin(method.username);
      }),
    async openSftp() {
      sftp = await open();
      return 'opened';
    },
    async list() {
      const files = (sftp ??= await open());
      return new Promise((resolve, reject) =>
        files.readdir('.', (error, listed) =>
          error ? reject(error) : resolve(JSON.stringify(listed.map(({ filename }) => filename))),
        ),
      );
    },
    end: () => void client.destroy(),
  };
}
