import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { cliVersion, Unavailable } from './executable.js';

/** Where Temporal publishes its CLI, see https://docs.temporal.io/cli/setup-cli */
export const temporalDownloads = 'https://temporal.download';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const answerMs = 5_000; // without internet the next way is tried soon

/**
 * Downloads the Temporal CLI's archive and unpacks the executable to `into`, whose file name must be `temporal`.
 * @throws Unavailable when there is none for this machine, nobody answers within 5 seconds, or the transfer breaks
 */
export async function downloadTemporal(into: string, from: string = temporalDownloads): Promise<void> {
  const arch = architectures[process.arch];
  if (arch === undefined || !['linux', 'darwin'].includes(process.platform))
    throw new Unavailable(`none is published for ${process.platform} on ${process.arch}`);

  const agent = new EnvHttpProxyAgent({ connect: { timeout: 3_000 }, bodyTimeout: 30_000 });
  try {
    const archive = `${from}/cli/archive/v${cliVersion}?platform=${process.platform}&arch=${arch}`;
    await unpack(await open(archive, agent), into);
  } finally {
    await agent.destroy();
  }
}

async function open(url: string, dispatcher: EnvHttpProxyAgent): Promise<NonNullable<Response['body']>> {
  const { origin } = new URL(url);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), answerMs);
  const response = await fetch(url, { dispatcher, signal: patience.signal })
    .catch(() => {
      throw new Unavailable(`${origin} cannot be reached`);
    })
    .finally(() => clearTimeout(timer));
  if (!response.ok || response.body === null) throw new Unavailable(`${origin} answered ${response.status}`);
  return response.body;
}

async function unpack(archive: NonNullable<Response['body']>, into: string): Promise<void> {
  const tar = spawn('tar', ['-xzf', '-', '-C', dirname(into), 'temporal'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const [ended] = await Promise.allSettled([once(tar, 'close'), pipeline(archive, tar.stdin)]);
  if (ended.status === 'rejected') throw new Unavailable('there is no tar command to unpack it');
  if (tar.exitCode !== 0) throw new Unavailable('the downloaded archive is incomplete or not an archive');
}
