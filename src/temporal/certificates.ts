// Who may talk to the embedded Temporal server: whoever holds a key from its data folder. The keeper loads this file at run time, so it imports
// nothing of Keyturn either; the library is loaded only when a certificate has to be made.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as X509 from '@peculiar/x509';

/** A certificate and its private key, in PEM files. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The folder of an embedded server's certificates. */
export interface CertificateFiles {
  readonly directory: string;
  /** Vouches for the two others. */
  readonly authority: PairFiles;
  /** The server's; its services also show it to each other. */
  readonly server: PairFiles;
  /** Every client's and worker's. */
  readonly client: PairFiles;
}

/** The name in the server's certificate; clients ask for it, whatever address they use. */
export const serverName = 'localhost';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
// Whatever is used at a start holds for a year of running at least, and the authority for longer than what it vouches for.
const authorityLife = { lastsMs: 10 * yearMs, renewMs: 3 * yearMs };
const leafLife = { lastsMs: 2 * yearMs, renewMs: yearMs };

const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const signing = { name: 'ECDSA', hash: 'SHA-256' };
const extendedKeyUsage = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }; // RFC 5280, 4.2.1.12

/** A certificate that was read, with its key. */
interface Pair {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export function certificateFiles(directory: string): CertificateFiles {
  const pair = (name: string): PairFiles => ({
    certificate: join(directory, `${name}.pem`),
    key: join(directory, `${name}.key`),
  });
  return { directory, authority: pair('ca'), server: pair('server'), client: pair('client') };
}

/**
 * Makes the certificates that are missing or end within a year. An authority that ends within three years is renewed with its key, so that
 * connections made before stay trusted. A folder that others could enter is made anew. One process at a time.
 * @throws Error with the system's code when the folder is another user's or cannot be written
 */
export async function ensureCertificates(files: CertificateFiles, now: number = Date.now()): Promise<void> {
  ownFolder(files.directory);
  const root = readPair(files.authority);
  const rootHolds = root !== null && holds(root, { now, forMs: authorityLife.renewMs });
  const missing = (['server', 'client'] as const).filter((role) => {
    const pair = readPair(files[role]);
    return (
      !pair ||
      !holds(pair, { now, forMs: leafLife.renewMs }) ||
      !root ||
      !pair.certificate.checkIssued(root.certificate)
    );
  });
  if (rootHolds && missing.length === 0) return;

  const issuer = rootHolds ? root : await makeAuthority(root?.key ?? newKey(), now);
  if (!rootHolds) write(files.authority, issuer);
  for (const role of missing) write(files[role], await issue(issuer, role, now));
}

/** Until when the server's and the clients' certificates hold; null when there are none. */
export function certificatesEnd({ server, client }: CertificateFiles): Date | null {
  const [first, second] = [readPair(server), readPair(client)];
  if (!first || !second) return null;
  return new Date(Math.min(...[first, second].map(({ certificate }) => Date.parse(certificate.validTo))));
}

/** Only its owner may enter: then nobody else can have put anything there. */
function ownFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw Object.assign(new Error('not a folder of ours'), { code: 'EPERM' });
  if ((found.mode & 0o077) === 0) return;
  rmSync(directory, { recursive: true });
  mkdirSync(directory, { mode: 0o700 });
}

/** Null when one of the two is missing, damaged, or of another pair. */
function readPair(files: PairFiles): Pair | null {
  try {
    const certificate = new X509Certificate(readFileSync(files.certificate));
    const key = createPrivateKey(readFileSync(files.key));
    return certificate.checkPrivateKey(key) ? { certificate, key } : null;
  } catch {
    return null;
  }
}

/** Whether it holds now, by a clock that may have been put right since, and for so long. */
function holds({ certificate }: Pair, { now, forMs }: { now: number; forMs: number }): boolean {
  return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) >= now + forMs;
}

/** The key first: a certificate without its key counts as missing, and both are made anew. */
function write(files: PairFiles, { certificate, key }: Pair): void {
  replace(files.key, key.export({ type: 'pkcs8', format: 'pem' }).toString());
  replace(files.certificate, certificate.toString());
}

function replace(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

async function makeAuthority(key: KeyObject, now: number): Promise<Pair> {
  const x509 = await library();
  const keys = webKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...term(authorityLife.lastsMs, now),
    name: 'CN=Keyturn embedded Temporal',
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: new X509Certificate(certificate.toString('pem')), key };
}

async function issue(issuer: Pair, role: 'server' | 'client', now: number): Promise<Pair> {
  const x509 = await library();
  const key = newKey();
  const usages = role === 'server' ? [extendedKeyUsage.server, extendedKeyUsage.client] : [extendedKeyUsage.client];
  const names = [{ type: 'dns', value: serverName } as const, { type: 'ip', value: '127.0.0.1' } as const];
  const certificate = await x509.X509CertificateGenerator.create({
    ...term(leafLife.lastsMs, now),
    subject: `CN=Keyturn ${role}`,
    issuer: issuer.certificate.subject,
    publicKey: webKeys(key).publicKey,
    signingKey: webKeys(issuer.key).privateKey,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(webKeys(issuer.key).publicKey),
      ...(role === 'server' ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: new X509Certificate(certificate.toString('pem')), key };
}

/** Begins an hour ago: a clock may be put right by a little. */
function term(lastsMs: number, now: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const serialNumber = `00${randomBytes(16).toString('hex')}`.slice(0, 34);
  return { serialNumber, notBefore: new Date(now - hourMs), notAfter: new Date(now + lastsMs) };
}

function webKeys(key: KeyObject): webcrypto.CryptoKeyPair {
  return {
    privateKey: key.toCryptoKey(curve, true, ['sign']),
    publicKey: createPublicKey(key).toCryptoKey(curve, true, ['verify']),
  };
}

/** Loaded only here: it takes a tenth of a second, which most starts can do without. */
async function library(): Promise<typeof X509> {
  await import('reflect-metadata'); // what it is built on expects this
  return import('@peculiar/x509');
}
