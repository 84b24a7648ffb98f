import type { ConnectionLike } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { UserError } from '../domain/user-error.js';
import { searchAttributes } from '../../workflows/search-attributes.js';

type IndexedValueType = temporal.api.enums.v1.IndexedValueType;

// Numbers of temporal.api.enums.v1.IndexedValueType: Node cannot import that enum by name into an ES module.
const numbers = { KEYWORD: 2, BOOL: 5 } as const satisfies Record<string, IndexedValueType>;
/** Their names on Temporal's command line. */
const labels = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'];

interface Attribute {
  readonly name: string;
  readonly type: IndexedValueType;
}
const needed: readonly Attribute[] = searchAttributes.map(({ name, type }) => ({ name, type: numbers[type] }));
const answerMs = 10_000;

/**
 * Adds the search attributes of Keyturn's workflows to the namespace, unless they exist. A workflow hangs without them.
 * @throws UserError when they cannot be read or added, or when one exists with another type
 */
export async function ensureSearchAttributes(connection: ConnectionLike, namespace: string): Promise<void> {
  const before = await registered(connection, namespace);
  const missing = needed.filter(({ name }) => before[name] === undefined);
  if (missing.length > 0) {
    await add(connection, { namespace, missing });
    check(await registered(connection, namespace), namespace);
  } else check(before, namespace);
}

type Registered = Readonly<Record<string, IndexedValueType>>;

async function registered(connection: ConnectionLike, namespace: string): Promise<Registered> {
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + answerMs, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return customAttributes;
  } catch (err) {
    throw unusable(namespace, { problem: 'They cannot be read through the operator service.', cause: err });
  }
}

async function add(
  connection: ConnectionLike,
  { namespace, missing }: { namespace: string; missing: readonly Attribute[] },
): Promise<void> {
  const attributes = Object.fromEntries(missing.map(({ name, type }) => [name, type]));
  try {
    await connection.withDeadline(Date.now() + answerMs, () =>
      connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes }),
    );
  } catch {
    // Another process may have added them at the same time. The caller checks what is registered now.
  }
}

function check(found: Registered, namespace: string): void {
  const problems = needed
    .filter(({ name, type }) => found[name] !== type)
    .map(({ name, type }) => {
      const now = found[name];
      return `${name} must be ${label(type)} and is ${now === undefined ? 'missing' : label(now)}.`;
    });
  if (problems.length > 0) throw unusable(namespace, { problem: problems.join(' ') });
}

function label(type: IndexedValueType): string {
  return labels[type] ?? `of type ${type}`;
}

function unusable(namespace: string, { problem, cause }: { problem: string; cause?: unknown }): UserError {
  const flags = needed.map(({ name, type }) => `--name ${name} --type ${label(type)}`).join(' ');
  return new UserError(`The search attributes of the Temporal namespace "${namespace}" cannot be used`, {
    state: `Nothing was started. ${problem}`,
    next: `Ask somebody with that permission to run: temporal operator search-attribute create --namespace ${namespace} ${flags}`,
    ...(cause !== undefined && { cause }),
  });
}
