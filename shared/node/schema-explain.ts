import { nearest } from '../nearest.ts';
import { jsonPath, type Path, type Problem, quote } from '../problem.ts';

/**
 * The part of JSON Schema that our TypeBox schemas use. TypeBox itself decides what is valid
 * (yaml-file.ts); this walker says what is wrong in words that a person can act upon.
 */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly default?: unknown;
  readonly description?: string;
  /** The allowed form in words, shown as the fix. */
  readonly 'x-form'?: string;
}

export type Locate = (at: Path, what: 'key' | 'value') => string;

/** A file with more mistakes than this is the wrong file; the walk must stay bounded. */
export const PROBLEMS_MAX = 1_000;
/** Values under such keys may be secrets and are never repeated in an error. */
const SENSITIVE_KEY = /secret|token|pass|key|proxy|database|url|collector|telegram|mail|webhook/i;

/** All problems of `value` against `schema`; empty when there are none. Never throws. */
export function explain(schema: SchemaNode, value: unknown, locate: Locate): Problem[] {
  const problems: Problem[] = [];
  walk(schema, value, [], { problems, locate });
  return problems;
}

interface Context {
  readonly problems: Problem[];
  readonly locate: Locate;
}

function walk(schema: SchemaNode, value: unknown, at: Path, context: Context): void {
  if (context.problems.length >= PROBLEMS_MAX) return;
  if (schema.anyOf !== undefined) {
    walkUnion(schema, schema.anyOf, value, at, context);
    return;
  }
  if (schema.enum !== undefined || 'const' in schema) {
    const allowed = schema.enum ?? [schema.const];
    if (!allowed.includes(value)) {
      add(context, 'CONFIG_RANGE', at, `${show(value, at)} is not allowed`, allowedForm(schema));
    }
    return;
  }
  if (schema.type !== undefined && !hasType(value, schema.type)) {
    const message = `must be ${aType(schema.type)}, not ${kindOf(value)}`;
    add(context, 'CONFIG_TYPE', at, message, typeFix(schema, value));
    return;
  }
  if (schema.type === 'object') walkObject(schema, value as Record<string, unknown>, at, context);
  else if (schema.type === 'array') walkArray(schema, value as unknown[], at, context);
  else checkScalar(schema, value, at, context);
}

function walkObject(
  schema: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  at: Path,
  context: Context,
): void {
  const properties = schema.properties ?? {};
  const patterns = Object.entries(schema.patternProperties ?? {});
  for (const [key, child] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const byPattern = patterns.find(([pattern]) => new RegExp(pattern, 'u').test(key))?.[1];
    const found = known ?? byPattern;
    if (found !== undefined) walk(found, child, [...at, key], context);
    else if (schema.additionalProperties === false) {
      const fix = keyFix(key, Object.keys(properties), schema);
      add(context, 'CONFIG_UNKNOWN_KEY', [...at, key], `unknown key ${quote(key)}`, fix, 'key');
    }
  }
  for (const key of schema.required ?? []) {
    const child = properties[key];
    if (Object.hasOwn(value, key) || child?.default !== undefined) continue;
    const fix = `add \`${key}:\`${child === undefined ? '' : ` — ${allowedForm(child)}`}`;
    add(context, 'CONFIG_MISSING', at, `key ${quote(key)} is missing`, fix);
  }
}

function walkArray(schema: SchemaNode, value: readonly unknown[], at: Path, context: Context) {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length < minItems || value.length > maxItems) {
    const message = `has ${value.length} entries`;
    const most = maxItems === Infinity ? 'any number of' : maxItems;
    const fix = `write ${minItems} to ${most} entries`;
    add(context, 'CONFIG_RANGE', at, message, fix);
  }
  const items = schema.items;
  if (items === undefined || value.length > maxItems) return;
  value.forEach((item, index) => {
    walk(items, item, [...at, index], context);
  });
}

function checkScalar(schema: SchemaNode, value: unknown, at: Path, context: Context): void {
  let fits = true;
  if (typeof value === 'number') {
    fits = value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  } else if (typeof value === 'string') {
    fits =
      value.length >= (schema.minLength ?? 0) &&
      value.length <= (schema.maxLength ?? Infinity) &&
      (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value));
  }
  if (!fits) {
    add(context, 'CONFIG_RANGE', at, `${show(value, at)} is not allowed`, allowedForm(schema));
  }
}

function walkUnion(
  schema: SchemaNode,
  branches: readonly SchemaNode[],
  value: unknown,
  at: Path,
  context: Context,
): void {
  let closest: Problem[] | undefined;
  for (const branch of branches) {
    const trial: Context = { problems: [], locate: context.locate };
    walk(branch, value, at, trial);
    if (trial.problems.length === 0) return;
    // The branch of the same shape tells more than "none of them fits".
    const shape = branch.type === 'object' || branch.type === 'array' ? branch.type : undefined;
    if (shape !== undefined && hasType(value, shape)) closest = trial.problems;
  }
  if (closest !== undefined) context.problems.push(...closest);
  else {
    const scalar = branches.some((b) => b.type !== undefined && hasType(value, b.type));
    const code = scalar ? 'CONFIG_RANGE' : 'CONFIG_TYPE';
    const message = scalar ? `${show(value, at)} is not allowed` : `cannot be ${kindOf(value)}`;
    add(context, code, at, message, allowedForm(schema));
  }
}

function add(
  context: Context,
  code: string,
  at: Path,
  message: string,
  fix: string,
  what: 'key' | 'value' = 'value',
): void {
  const place = context.locate(at, what);
  const name = at.at(-1);
  const subject = what === 'value' && name !== undefined ? `${jsonPath(at)}: ` : '';
  context.problems.push({
    severity: 'error',
    code,
    at,
    place,
    message: `${subject}${message}`,
    fix,
  });
}

/** The allowed form in words: the schema's own words, else built from its limits. */
export function allowedForm(schema: SchemaNode): string {
  if (schema['x-form'] !== undefined) return `write ${schema['x-form']}`;
  if (schema.enum !== undefined) return `write one of: ${schema.enum.map(String).join(', ')}`;
  if ('const' in schema) return `write ${JSON.stringify(schema.const)}`;
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((branch) => allowedForm(branch).replace(/^write /, '')).join(', or ');
  }
  const { minimum, maximum, minLength, maxLength, pattern } = schema;
  const what = aType(schema.type ?? 'value');
  if (minimum !== undefined || maximum !== undefined) {
    return `write ${what} from ${minimum ?? '−∞'} to ${maximum ?? '∞'}`;
  }
  if (pattern !== undefined) return `write a text that matches ${pattern}`;
  if (minLength !== undefined || maxLength !== undefined) {
    return `write ${what} of ${minLength ?? 0} to ${maxLength ?? 'any number of'} characters`;
  }
  return `write ${what}`;
}

function typeFix(schema: SchemaNode, value: unknown): string {
  if (schema.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `put the value in "quotes" so that it is read as text`;
  }
  const numeric = schema.type === 'integer' || schema.type === 'number';
  if (numeric && typeof value === 'string' && /^\d+$/.test(value)) return 'remove the quotes';
  return allowedForm(schema);
}

function keyFix(key: string, known: readonly string[], schema: SchemaNode): string {
  const near = nearest(key, known);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (known.length === 0) return schema.description ?? 'remove it';
  return `remove it; the keys here are: ${known.join(', ')}`;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'object') return kindOf(value) === 'a map';
  return typeof value === type;
}

function aType(type: string): string {
  const names: Record<string, string> = {
    object: 'a map (key: value)',
    array: 'a list ([…])',
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return names[type] ?? `a ${type}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return `${value}`;
  return Number.isSafeInteger(value) ? 'a whole number' : 'such a number';
}

function show(value: unknown, at: Path): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return kindOf(value);
  return at.some((step) => SENSITIVE_KEY.test(String(step))) ? 'this text' : quote(value);
}
