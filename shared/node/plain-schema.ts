import { jsonPath, type Path, type Problem } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { explain, type Locate, PROBLEMS_MAX, type SchemaNode } from './schema-explain.ts';

/**
 * Checks a value against a plain JSON Schema and fills in its defaults, without TypeBox: that
 * takes 22 MB of memory, which the agent does not have. A test holds both to the same answers.
 * Only keywords of SchemaNode are known; members of unions get no defaults. The result is deeply
 * frozen. Throws ConfigError with every problem of the shapes and of the meaning.
 */
export function checkPlain(schema: SchemaNode, raw: unknown, options: CheckOptions): unknown {
  throwProblems(schema, raw, options);
  return deepFreeze(withDefaults(schema, structuredClone(raw)));
}

export interface CheckOptions {
  /** Of the file, for people. */
  readonly title: string;
  /** Default: JSON paths. */
  readonly locate?: Locate;
  readonly meaning?: Meaning;
}

/**
 * What a schema cannot say of a file. It gets the top-level keys whose own shape is right, with
 * their defaults, so that a mistake in one key hides none of another; warnings stop nothing.
 */
export type Meaning = (sound: Readonly<Record<string, unknown>>) => readonly Problem[];

/** Throws ConfigError where `raw` has problems of shape or of meaning, all of them. */
export function throwProblems(schema: SchemaNode, raw: unknown, options: CheckOptions): void {
  const { title, meaning, locate = (at: Path) => jsonPath(at) } = options;
  const shape = explain(schema, raw, locate);
  const found = meaning?.(soundKeys(schema, raw, shape)) ?? [];
  const problems = [...shape, ...found.filter(({ severity }) => severity === 'error')];
  if (problems.length > 0) throw new ConfigError(title, problems);
}

function soundKeys(schema: SchemaNode, raw: unknown, shape: readonly Problem[]) {
  const filled = withDefaults(schema, structuredClone(raw));
  // The walk ends at so many problems: what it did not reach is not known to be right.
  const walked = shape.length < PROBLEMS_MAX;
  if (typeof filled !== 'object' || filled === null || Array.isArray(filled) || !walked) return {};
  const wrong = new Set(shape.map(({ at }) => at[0]));
  return deepFreeze(Object.fromEntries(Object.entries(filled).filter(([key]) => !wrong.has(key))));
}

function withDefaults(schema: SchemaNode, given: unknown): unknown {
  const value = given === undefined ? structuredClone(schema.default) : given;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => withDefaults(items, item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const found = withDefaults(child, Object.hasOwn(filled, key) ? filled[key] : undefined);
    if (found !== undefined) filled[key] = found;
  }
  return filled;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
