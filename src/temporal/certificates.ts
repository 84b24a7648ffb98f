// Only clients with a key from the data folder may connect to the embedded Temporal server. The keeper loads this file at run time, so this
// file imports nothing of Keyturn either. It loads the library only to create a certificate.
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
  /** Issues the two others. */
  readonly authority: PairFiles;
  /** Of the server. Its services also authenticate to each other with it. */
  readonly server: PairFiles;
  /** Of every client and worker. */
  readonly client: PairFiles;
}

/** The name in the server's certificate. Clients check it, whatever address they connect to. */
export const serverName = 'localhost';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
// A certificate in use at a start stays valid for at least a year, and the authority longer than the certificates that it issues.
const authorityLife = { lastsMs: 10 * yearMs, renewMs: 3 * yearMs };
const leafLife = { lastsMs: 2 * yearMs, renewMs: yearMs };

const commonName = '2.5.4.3';
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const authorityName = 'Keyturn embedded Temporal';

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
 * Creates certificates that are missing or expire within a year. An authority that expires within three years is renewed with the same key,
 * so that existing connections stay trusted. A folder that others could enter is replaced. One process at a time.
 * @throws Error with the system's code when the folder is another user's or cannot be written
 */
export async function ensureCertificates(files: CertificateFiles, now: number = Date.now()): Promise<void> {
  ownFolder(files.directory);
  const root = readPair(files.authority);
  const rootIsValid = root !== null && isValid(root, { now, forMs: authorityLife.renewMs });
  const missing = (['server', 'client'] as const).filter((role) => {
    const pair = readPair(files[role]);
    return (
      !pair ||
      !isValid(pair, { now, forMs: leafLife.renewMs }) ||
      !root ||
      !pair.certificate.checkIssued(root.certificate)
    );
  });
  if (rootIsValid && missing.length === 0) return;

  const issuer = rootIsValid ? root : await makeAuthority(root?.key ?? newKey(), now);
  if (!rootIsValid) write(files.authority, issuer);
  for (const role of missing) write(files[role], await issue(issuer, role, now));
}

/** When the first of the server's and the clients' certificates expires; null when one is missing. */
export function certificatesEnd({ server, client }: CertificateFiles): Date | null {
  const [first, second] = [readPair(server), readPair(client)];
  if (!first || !second) return null;
  return new Date(Math.min(...[first, second].map(({ certificate }) => Date.parse(certificate.validTo))));
}

/** Ensures that only its owner may enter the folder, so that nobody else can have put a file there. */
function ownFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw Object.assign(new Error('not a folder of this user'), { code: 'EPERM' });
  if ((found.mode & 0o077) === 0) return;
  rmSync(directory, { recursive: true });
  mkdirSync(directory, { mode: 0o700 });
}

/** Null when one of the two files is missing, damaged, or does not match the other. */
function readPair(files: PairFiles): Pair | null {
  try {
    const certificate = new X509Certificate(readFileSync(files.certificate));
    const key = createPrivateKey(readFileSync(files.key));
    return certificate.checkPrivateKey(key) ? { certificate, key } : null;
  } catch {
    return null;
  }
}

/** Whether the certificate is valid now and for `forMs`. The clock may have been corrected since it was issued. */
function isValid({ certificate }: Pair, { now, forMs }: { now: number; forMs: number }): boolean {
  return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) >= now + forMs;
}

/** Writes the key first: a certificate without its key counts as missing, and both are created again. */
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

/** Names and addresses under which a client may reach the server. */
async function names(): Promise<Extension> {
  const { x509, extension } = await library();
  const all: GeneralName[] = [
    new x509.GeneralName({ dNSName: serverName }),
    new x509.GeneralName({ iPAddress: '127.0.0.1' }),
  ];
  return extension(x509.id_ce_subjectAltName, new x509.SubjectAlternativeName(all));
}

interface CertificateFields {
  readonly subject: string;
  readonly issuerKey: KeyObject;
  readonly now: number;
  readonly lastsMs: number;
  readonly extensions: Extension[];
}

/** A certificate for this key, issued by the authority. It is valid from an hour ago, because a clock may be corrected slightly. */
async function certify(
  key: KeyObject,
  { subject, issuerKey, now, lastsMs, extensions }: CertificateFields,
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

/** Derived from the key, so a renewed authority, which keeps its key, has the same identifier. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  return bytes(createHash('sha256').update(publicKey(key)).digest().subarray(0, 20));
}

function bytes(from: Buffer): ArrayBuffer {
  return Uint8Array.from(from).buffer;
}

/** Loads the library on demand: most starts do not need it. */
async function library() {
  const [x509, { AsnConvert: asn1, OctetString }] = await Promise.all([
    import('@peculiar/asn1-x509'),
    import('@peculiar/asn1-schema'),
  ]);
  const extension = (extnID: string, value: unknown, critical = false): Extension =>
    new x509.Extension({ extnID, critical, extnValue: new OctetString(asn1.serialize(value)) });
  return { x509, asn1, extension };
}
