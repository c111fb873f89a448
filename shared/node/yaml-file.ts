import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { jsonPath, type Path, type Problem } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { type CheckOptions, deepFreeze, throwProblems } from './plain-schema.ts';
import type { Locate, SchemaNode } from './schema-explain.ts';
import { readConfigBytes, readYaml } from './yaml-text.ts';

export interface Parsed<T> {
  /** Validated, defaults filled in, deeply frozen. */
  readonly value: T;
  /** `file:line:column` of a key or value; the nearest parent that exists in the text. */
  readonly locate: Locate;
}

export interface YamlOptions<S extends TSchema> {
  /** Of the file, for people. */
  readonly title: string;
  /** See Meaning in plain-schema.ts. */
  readonly meaning?: (sound: Partial<Static<S>>, locate: Locate) => readonly Problem[];
}

/** Reads and checks a YAML file. Throws ConfigError with every problem of the file. */
export function loadYaml<S extends TSchema>(path: string, schema: S, options: YamlOptions<S>) {
  return parseYaml(readConfigBytes(path, options.title), path, schema, options);
}

/** Parses and checks YAML, see readYaml. Throws ConfigError with every problem. */
export function parseYaml<S extends TSchema>(
  source: string | Uint8Array,
  file: string,
  schema: S,
  options: YamlOptions<S>,
): Parsed<Static<S>> {
  const { title, meaning } = options;
  const { raw, locate } = readYaml(source, file, { title });
  const checked = checkValue(schema, raw, {
    ...{ title, locate },
    ...(meaning === undefined
      ? {}
      : { meaning: (sound) => meaning(sound as Partial<Static<S>>, locate) }),
  });
  return { value: checked, locate };
}

/** The same checks for a value that is already parsed (a JSON body); places are JSON paths. */
export function checkValue<S extends TSchema>(
  schema: S,
  raw: unknown,
  options: CheckOptions,
): Static<S> {
  const locate = options.locate ?? ((at: Path) => jsonPath(at));
  throwProblems(schema as SchemaNode, raw, options);
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
