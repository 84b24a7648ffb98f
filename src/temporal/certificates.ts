// Who may talk to the embedded Temporal server: whoever holds a key from its data folder. The keeper loads this file at run time, so it imports
// nothing of Keyturn either; the library is loaded only when a certificate has to be made.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Extension, GeneralName } from '@peculiar/asn1-x509';

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

const commonName = '2.5.4.3';
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const authorityName = 'Keyturn embedded Temporal';

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
  const { x509, extension } = await library();
  const { BasicConstraints, KeyUsage, KeyUsageFlags, SubjectKeyIdentifier } = x509;
  const certificate = await certify(key, {
    ...{ now, lastsMs: authorityLife.lastsMs, issuerKey: key, subject: authorityName },
    extensions: [
      extension(x509.id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(x509.id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
      extension(x509.id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(key))),
    ],
  });
  return { certificate, key };
}

async function issue(issuer: Pair, role: 'server' | 'client', now: number): Promise<Pair> {
  const { x509, extension } = await library();
  const { AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyIdentifier, KeyUsage, KeyUsageFlags } = x509;
  const usages = role === 'server' ? [x509.id_kp_serverAuth, x509.id_kp_clientAuth] : [x509.id_kp_clientAuth];
  const issuedBy = new KeyIdentifier(keyIdentifier(issuer.key));
  const key = newKey();
  const certificate = await certify(key, {
    ...{ now, lastsMs: leafLife.lastsMs, issuerKey: issuer.key, subject: `Keyturn ${role}` },
    extensions: [
      extension(x509.id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
      extension(x509.id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(x509.id_ce_extKeyUsage, new ExtendedKeyUsage(usages)),
      extension(x509.id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: issuedBy })),
      ...(role === 'server' ? [await names()] : []),
    ],
  });
  return { certificate, key };
}

/** How a client may call the server. */
async function names(): Promise<Extension> {
  const { x509, extension } = await library();
  const all: GeneralName[] = [
    new x509.GeneralName({ dNSName: serverName }),
    new x509.GeneralName({ iPAddress: '127.0.0.1' }),
  ];
  return extension(x509.id_ce_subjectAltName, new x509.SubjectAlternativeName(all));
}

interface Claim {
  readonly subject: string;
  readonly issuerKey: KeyObject;
  readonly now: number;
  readonly lastsMs: number;
  readonly extensions: Extension[];
}

/** A certificate of the authority for this key. It holds since an hour ago: a clock may be put right by a little. */
async function certify(
  key: KeyObject,
  { subject, issuerKey, now, lastsMs, extensions }: Claim,
): Promise<X509Certificate> {
  const { x509, asn1 } = await library();
  const called = (name: string): InstanceType<typeof x509.Name> => {
    const value = new x509.AttributeValue({ utf8String: name });
    return new x509.Name([
      new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type: commonName, value })]),
    ]);
  };
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: bytes(Buffer.concat([Buffer.of(1), randomBytes(15)])), // positive
    signature: algorithm,
    issuer: called(authorityName),
    validity: new x509.Validity({ notBefore: new Date(now - hourMs), notAfter: new Date(now + lastsMs) }),
    subject: called(subject),
    subjectPublicKeyInfo: asn1.parse(publicKey(key), x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions(extensions),
  });
  const signatureValue = bytes(sign('sha256', Buffer.from(asn1.serialize(tbsCertificate)), issuerKey));
  const certificate = new x509.Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue });
  return new X509Certificate(Buffer.from(asn1.serialize(certificate)));
}

function publicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** The same for a renewed authority, whose key stays. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  return bytes(createHash('sha256').update(publicKey(key)).digest().subarray(0, 20));
}

function bytes(from: Buffer): ArrayBuffer {
  return Uint8Array.from(from).buffer;
}

/** Loaded only here: most starts can do without. */
async function library() {
  const [x509, { AsnConvert: asn1, OctetString }] = await Promise.all([
    import('@peculiar/asn1-x509'),
    import('@peculiar/asn1-schema'),
  ]);
  const extension = (extnID: string, value: unknown, critical = false): Extension =>
    new x509.Extension({ extnID, critical, extnValue: new OctetString(asn1.serialize(value)) });
  return { x509, asn1, extension };
}
