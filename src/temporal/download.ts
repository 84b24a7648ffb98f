import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { serverVersion, Unavailable } from './executable.js';

/** Location and checksums of the server's archives. */
export interface Download {
  /** URL of the folder with a release's archives. */
  readonly from: string;
  /** SHA-256 of each archive in hex, by `<os>_<architecture>` as in its name. Without one, nothing is downloaded. */
  readonly pinned: Readonly<Record<string, string>>;
}

/** The release's own archives. To pin one, take the sum from the release's `checksums.txt` and compare it with your own download. */
const released: Download = {
  from: `https://github.com/temporalio/temporal/releases/download/v${serverVersion}`,
  pinned: {},
};

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const answerMs = 5_000; // short, so that without internet the next way is tried soon

/**
 * Downloads the server's archive, compares it with its pinned SHA-256, and unpacks the executable to `into`. The file name of `into` must be
 * the name in the archive.
 * @throws Unavailable when no checksum is pinned for this machine, the server does not answer within 5 seconds, the transfer fails, or the
 * checksum differs
 */
export async function downloadTemporal(into: string, { from, pinned }: Partial<Download> = {}): Promise<void> {
  const machine = `${process.platform}_${architectures[process.arch] ?? process.arch}`;
  const sum = (pinned ?? released.pinned)[machine];
  if (sum === undefined) throw new Unavailable(`none is pinned for ${machine}`);

  const archive = `${into}.tar.gz`;
  const agent = new EnvHttpProxyAgent({ connect: { timeout: 3_000 }, bodyTimeout: 30_000 });
  try {
    const body = await request(`${from ?? released.from}/temporal_${serverVersion}_${machine}.tar.gz`, agent);
    if ((await save(body, archive)) !== sum)
      throw new Unavailable('the downloaded archive does not match its pinned checksum');
    await unpack(archive, into);
  } finally {
    await agent.destroy();
    await rm(archive, { force: true });
  }
}

async function request(url: string, dispatcher: EnvHttpProxyAgent): Promise<NonNullable<Response['body']>> {
  const { origin } = new URL(url);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), answerMs);
  const response = await fetch(url, { dispatcher, signal: giveUp.signal })
    .catch(() => {
      throw new Unavailable(`${origin} cannot be reached`);
    })
    .finally(() => clearTimeout(timer));
  if (!response.ok || response.body === null) throw new Unavailable(`${origin} answered ${response.status}`);
  return response.body;
}

/** Saves the body and returns its SHA-256 in hex. */
async function save(body: NonNullable<Response['body']>, archive: string): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(body, hashed, createWriteStream(archive)).catch(() => {
    throw new Unavailable('the transfer failed');
  });
  return hash.digest('hex');
}

async function unpack(archive: string, into: string): Promise<void> {
  const args = ['-xzf', archive, '-C', dirname(into), basename(into)];
  await promisify(execFile)('tar', args).catch(() => {
    throw new Unavailable('tar cannot unpack the archive');
  });
}
