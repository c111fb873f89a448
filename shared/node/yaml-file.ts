import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { jsonPath, type Path } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { deepFreeze } from './plain-schema.ts';
import { explain, type Locate, type SchemaNode } from './schema-explain.ts';
import { readConfigBytes, readYaml } from './yaml-text.ts';

export interface Parsed<T> {
  /** Validated, defaults filled in, deeply frozen. */
  readonly value: T;
  /** `file:line:column` of a key or value; the nearest parent that exists in the text. */
  readonly locate: Locate;
}

/** Reads and checks a YAML file. Throws ConfigError with every problem of the file. */
export function loadYaml<S extends TSchema>(path: string, schema: S, options: { title: string }) {
  return parseYaml(readConfigBytes(path, options.title), path, schema, options);
}

/** Parses and checks YAML, see readYaml. Throws ConfigError with every problem. */
export function parseYaml<S extends TSchema>(
  source: string | Uint8Array,
  file: string,
  schema: S,
  options: { title: string },
): Parsed<Static<S>> {
  const { raw, locate } = readYaml(source, file, options);
  return { value: checkValue(schema, raw, { ...options, locate }), locate };
}

/** The same checks for a value that is already parsed (a JSON body); places are JSON paths. */
export function checkValue<S extends TSchema>(
  schema: S,
  raw: unknown,
  options: { title: string; locate?: Locate },
): Static<S> {
  const locate = options.locate ?? ((at: Path) => jsonPath(at));
  const problems = explain(schema as SchemaNode, raw, locate);
  if (problems.length > 0) throw new ConfigError(options.title, problems);
  const value: unknown = Value.Default(schema, structuredClone(raw));
  if (!Value.Check(schema, value)) {
    // TypeBox has the last word, should the explaining walker ever know less than it.
    const at = (Value.Errors(schema, value)[0]?.instancePath ?? '').split('/').slice(1);
    const message = `${jsonPath(at)} does not fit the schema`;
    const problem = { severity: 'error', code: 'CONFIG_TYPE', at, message } as const;
    const fix = 'compare with `lanproof config schema`';
    throw new ConfigError(options.title, [{ ...problem, place: locate(at, 'value'), fix }]);
  }
  return deepFreeze(value);
}

/** The schema as a JSON Schema text, for editors and `lanproof config schema`. */
export function jsonSchema(schema: TSchema, title: string): string {
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title };
  return `${JSON.stringify({ ...head, ...(schema as object) }, null, 2)}\n`;
}
