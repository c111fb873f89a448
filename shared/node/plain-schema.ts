import { jsonPath, type Path } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import { explain, type Locate, type SchemaNode } from './schema-explain.ts';

/**
 * Checks a value against a plain JSON Schema and fills in its defaults, without TypeBox: that
 * takes 22 MB of memory, which the agent does not have. A test holds both to the same answers.
 * Only keywords of SchemaNode are known; members of unions get no defaults. The result is deeply
 * frozen. Throws ConfigError with every problem.
 */
export function checkPlain(
  schema: SchemaNode,
  raw: unknown,
  options: { title: string; locate?: Locate },
): unknown {
  const problems = explain(schema, raw, options.locate ?? ((at: Path) => jsonPath(at)));
  if (problems.length > 0) throw new ConfigError(options.title, problems);
  return deepFreeze(withDefaults(schema, structuredClone(raw)));
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
