/** What recreates DocuElevate's processes, so that they read the environment file. Services as its compose file names them. */
export const recreation = ['docker', 'compose', 'up', '-d', '--force-recreate', 'api', 'worker', 'beat'] as const;

const services = recreation.slice(-3);

/** Why a restart command would bring no new environment into use. Null where nothing is wrong with it. */
export function whyKeepsEnvironment(command: readonly string[]): string | null {
  if (!/\b(?:docker|podman)(?:[ -]compose)?\b[^;&|]*\srestart(?![\w-])/.test(command.join(' '))) return null;
  return `restarted containers keep their old environment: write [${recreation.join(', ')}]`;
}

/** Services that a `compose up` does not name, though it names others. */
export function unnamedServices(command: readonly string[]): string[] {
  const up = /\bcompose\b/.test(command.join(' ')) ? command.indexOf('up') : -1;
  const named = up < 0 ? [] : command.slice(up + 1).filter((each) => !each.startsWith('-'));
  return named.length === 0 ? [] : services.filter((service) => !named.includes(service));
}
