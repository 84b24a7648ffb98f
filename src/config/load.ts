import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import { ConfigError, type Problem, configErrorOf } from './config-error.js';
import { contradictions } from './contradictions.js';
import { type ConfigFinding, examine } from './findings.js';
import { Outline } from './outline.js';
import { type Config, configSchema, credentialOfUnknownProcedure } from './schema.js';
import { refuseUnverifiedTls, unencrypted } from './unencrypted.js';
import { type Path, type YamlSource, readYaml } from './yaml-source.js';

/** The process environment, for secrets of the form `{ env: NAME }`. */
export function environment(name: string): string | undefined {
  return process.env[name];
}

/**
 * Reads the configuration. Secrets stay references, which are resolved at each use.
 * @throws ConfigError with every problem of the file and its line
 */
export function loadConfig(file: string, catalog: readonly ProcedureDescriptor[]): Config {
  refuseUnverifiedTls(environment);
  const source = readYaml(readText(file));
  const outline = Outline.parse(source.content);
  const { data, findings } = examine(configSchema(catalog), source.content);
  const all = [
    ...findings.flatMap((finding) => withFindingsInside(finding, outline, catalog)),
    ...(source.brokenAt === Infinity ? contradictions(outline, catalog) : []),
    ...unencrypted(source.content),
  ];
  const problems = problemsOf(source, all);
  if (problems.length > 0 || !data) throw configErrorOf(file, problems);
  const folder = dirname(resolve(file));
  makePathsAbsolute(data, folder);
  return { ...data, data: resolve(folder, data.data) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = typeof error === 'object' && error && 'code' in error ? String(error.code) : 'unknown';
    throw code === 'ENOENT'
      ? new ConfigError(`There is no configuration file ${file}.`, { next: 'Make one with: keyturn init' })
      : new ConfigError(`The configuration file ${file} cannot be read (${code}).`, {
          next: 'Make sure that it is a file that you may read.',
        });
  }
}

/** A credential of an unknown procedure fits no schema. Its common fields are still checked. */
function withFindingsInside(
  finding: ConfigFinding,
  outline: Outline,
  catalog: readonly ProcedureDescriptor[],
): ConfigFinding[] {
  const [section, name, key] = finding.path;
  if (section !== 'credentials' || key !== 'procedure') return [finding];
  const credential = outline.credentials[String(name)]?.section;
  return examine(credentialOfUnknownProcedure(catalog), credential).findings.map(({ path, message }) => ({
    path: ['credentials', String(name), ...path],
    message,
  }));
}

/** All problems in the order of the file. After a syntax error, only problems on the lines before it are certain. */
function problemsOf(source: YamlSource, findings: readonly ConfigFinding[]): Problem[] {
  const certain = ({ offset, found }: { offset: number; found: boolean }) =>
    source.brokenAt === Infinity || (found && source.position(offset).line < source.position(source.brokenAt).line);
  const placed = findings
    .map(({ path, message }) => ({ ...source.locate(path), path: textOf(path), message }))
    .filter(certain);
  return [...source.flaws.map((flaw) => ({ ...flaw, path: '' })), ...placed]
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => ({ ...source.position(offset), path, message }));
}

/** `credentials.openai.engine`. Keys that would be ambiguous in this form are quoted. */
function textOf(path: Path): string {
  if (path.length === 0) return 'the file';
  return path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key)))).join('.');
}

/** Makes every path absolute, in place. `file`, `envFile` and `keyFile` are paths in every section. */
function makePathsAbsolute(section: object, folder: string): void {
  for (const [key, value] of Object.entries<unknown>({ ...section })) {
    if (['file', 'envFile', 'keyFile'].includes(key) && typeof value === 'string')
      Object.assign(section, { [key]: resolve(folder, value) });
    else if (typeof value === 'object' && value !== null) makePathsAbsolute(value, folder);
  }
}
