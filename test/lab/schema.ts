import { parse } from 'yaml';

/** What a vendor's description says, as far as the tests ask it. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where a value breaks the named schema of `components`, each as a sentence; empty when it fits. */
  problems(value: unknown, schema: string): string[];
}

type Schema = Readonly<Record<string, unknown>>;

/** Knows the part of JSON Schema that vendors' descriptions use: $ref, allOf, anyOf, type, enum, required, properties, items. */
export function readDescription(yaml: string): Description {
  const document = parse(yaml) as { paths: Description['paths']; components: { schemas: Record<string, Schema> } };

  function check(value: unknown, schema: Schema, at: string): string[] {
    if (typeof schema.$ref === 'string') return check(value, named(schema.$ref.split('/').at(-1) ?? ''), at);
    const found = schemas(schema.allOf).flatMap((part) => check(value, part, at));
    const choices = schemas(schema.anyOf).map((part) => check(value, part, at));
    if (choices.length > 0 && choices.every((problems) => problems.length > 0)) found.push(...choices.flat());
    if (typeof schema.type === 'string' && !hasType(value, schema.type))
      return [...found, `${at} is no ${schema.type}`];
    if (Array.isArray(schema.enum) && !schema.enum.includes(value))
      found.push(`${at} is none of ${String(schema.enum)}`);
    if (Array.isArray(value)) found.push(...value.flatMap((item, i) => check(item, itemsOf(schema), `${at}[${i}]`)));
    return [...found, ...checkObject(value, schema, at)];
  }

  function checkObject(value: unknown, schema: Schema, at: string): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const fields = value as Record<string, unknown>;
    const required = (schema.required ?? []) as string[];
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    const missing = required.filter((name) => !(name in fields)).map((name) => `${at}.${name} is missing`);
    const wrong = Object.entries(properties)
      .filter(([name]) => name in fields)
      .flatMap(([name, property]) => check(fields[name], property, `${at}.${name}`));
    return [...missing, ...wrong];
  }

  function named(name: string): Schema {
    const schema = document.components.schemas[name];
    if (!schema) throw new Error(`the description has no schema ${name}`);
    return schema;
  }

  return { paths: document.paths, problems: (value, schema) => check(value, named(schema), schema) };
}

function schemas(list: unknown): Schema[] {
  return (list ?? []) as Schema[];
}

function itemsOf(schema: Schema): Schema {
  return (schema.items ?? {}) as Schema;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
