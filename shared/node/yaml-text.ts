import { readFileSync } from 'node:fs';
import { type Document, isMap, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Problem } from '../problem.ts';
import { ConfigError } from './config-error.ts';
import type { Locate } from './schema-explain.ts';

/** An inventory of 2,000 devices has about 1.2 MB; four times that is another kind of file. */
export const CONFIG_BYTES_MAX = 4 * 1024 * 1024;
/** Aliases save typing a few times; thousands of them are a bomb (yaml counts expansions). */
export const ALIAS_COUNT_MAX = 50;
/** No schema of ours is deeper than 8; a value that contains itself is infinitely deep. */
export const DEPTH_MAX = 32;
/** Values after aliases are expanded; 2,000 devices need about 100,000. */
export const VALUES_MAX = 500_000;
const SYNTAX_PROBLEMS_MAX = 20;
const CORE_TAGS = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((t) => `tag:yaml.org,2002:${t}`),
);

export interface YamlText {
  /** Plain values, aliases expanded; nothing of them is checked against a schema yet. */
  readonly raw: unknown;
  /** `file:line:column` of a key or value; the nearest parent that exists in the text. */
  readonly locate: Locate;
}

const UNREADABLE_FIXES: Readonly<Record<string, string>> = {
  ENOENT: 'check the path; see deploy/examples',
  EISDIR: 'name the file, not its folder',
};

/** The bytes of a configuration file, at most CONFIG_BYTES_MAX. Throws ConfigError. */
export function readConfigBytes(path: string, title: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const fix = UNREADABLE_FIXES[code] ?? 'check the rights of the file';
    throw fileError(title, path, 'CONFIG_UNREADABLE', `cannot be read (${code})`, fix, cause);
  }
}

/**
 * Parses YAML 1.2 (core schema, one document, UTF-8 with or without BOM, LF or CRLF). `file` is
 * only the name in messages. Throws ConfigError with every problem of the syntax.
 */
export function readYaml(
  source: string | Uint8Array,
  file: string,
  options: { title: string },
): YamlText {
  const text = typeof source === 'string' ? source : decode(source, file, options.title);
  if (Buffer.byteLength(text) > CONFIG_BYTES_MAX) throw tooLarge(file, options.title);
  const lines = new LineCounter();
  const doc = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    schema: 'core',
    version: '1.2',
    // Not 'silent': that would also hide a second document.
    logLevel: 'error',
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const syntax = syntaxProblems(doc, place);
  if (syntax.length > 0) throw new ConfigError(options.title, syntax);
  const locate = locator(doc, place);
  return { raw: toPlain(doc, file, options.title), locate };
}

function decode(bytes: Uint8Array, file: string, title: string): string {
  if (bytes.length > CONFIG_BYTES_MAX) throw tooLarge(file, title);
  const [a, b] = bytes;
  const utf16 = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || a === 0 || b === 0;
  const fix = 'save the file as UTF-8 (Notepad: File › Save as › Encoding: UTF-8)';
  if (utf16) throw fileError(title, file, 'CONFIG_ENCODING', 'is UTF-16, not UTF-8', fix);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileError(title, file, 'CONFIG_ENCODING', 'is not valid UTF-8', fix, cause);
  }
}

function syntaxProblems(doc: Document, place: (offset: number) => string): Problem[] {
  const problems: Problem[] = [];
  const add = (code: string, offset: number, message: string, fix: string) => {
    if (problems.length >= SYNTAX_PROBLEMS_MAX) return;
    problems.push({ severity: 'error', code, at: [], place: place(offset), message, fix });
  };
  for (const found of [...doc.errors, ...doc.warnings]) {
    const [code, fix] = SYNTAX_FIXES[found.code] ?? ['CONFIG_SYNTAX', 'correct the YAML here'];
    // The parser quotes nothing but names of tags, anchors and keys.
    add(code, found.pos[0], found.message.split('\n')[0] ?? found.code, fix);
  }
  if (doc.directives?.yaml.explicit === true && doc.directives.yaml.version !== '1.2') {
    add('CONFIG_SYNTAX', 0, 'only YAML 1.2 is read', 'remove the %YAML line');
  }
  if (problems.length > 0) return problems;
  visit(doc, {
    Node: (_, node) => {
      if (node.tag === undefined || CORE_TAGS.has(node.tag)) return;
      add('CONFIG_TAG', node.range?.[0] ?? 0, `tag ${node.tag} is not allowed`, 'remove the tag');
    },
  });
  return problems;
}

const SYNTAX_FIXES: Readonly<Record<string, readonly [string, string]>> = {
  DUPLICATE_KEY: ['CONFIG_DUPLICATE_KEY', 'keep one of the two; the other would be lost'],
  MULTIPLE_DOCS: ['CONFIG_MULTIPLE_DOCUMENTS', 'one file holds one document: remove the --- lines'],
  TAG_RESOLVE_FAILED: ['CONFIG_TAG', 'remove the tag (the word that begins with !)'],
  TAB_AS_INDENT: ['CONFIG_SYNTAX', 'indent with spaces, not with tabs'],
  NON_STRING_KEY: ['CONFIG_SYNTAX', 'keys are plain texts'],
  RESOURCE_EXHAUSTION: ['CONFIG_TOO_DEEP', `nest at most ${DEPTH_MAX} levels`],
};

function toPlain(doc: Document, file: string, title: string): unknown {
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: ALIAS_COUNT_MAX });
  } catch (cause) {
    const bomb = String(cause).includes('Excessive alias');
    const message = bomb ? 'expands too many aliases' : 'uses an alias that has no anchor';
    const fix = bomb ? 'write the values out' : 'set the &anchor before its *alias';
    throw fileError(title, file, bomb ? 'CONFIG_ALIAS_BOMB' : 'CONFIG_SYNTAX', message, fix, cause);
  }
  let left = VALUES_MAX;
  const fits = (node: unknown, depth: number): boolean => {
    left -= 1;
    if (left < 0 || depth > DEPTH_MAX) return false;
    if (typeof node !== 'object' || node === null) return true;
    return Object.values(node).every((child) => fits(child, depth + 1));
  };
  if (!fits(value, 0)) {
    const fix = 'write the values out; an alias must not contain itself';
    throw fileError(title, file, 'CONFIG_TOO_DEEP', 'is too deep or too large', fix);
  }
  return value;
}

function locator(doc: Document, place: (offset: number) => string): Locate {
  return (at, what) => {
    let node: unknown = doc.contents;
    let offset = doc.contents?.range?.[0] ?? 0;
    for (const [index, step] of at.entries()) {
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find((p) => String(p.key) === String(step));
        next = what === 'key' && index === at.length - 1 ? pair?.key : (pair?.value ?? pair?.key);
      } else if (isSeq(node)) next = node.items[Number(step)];
      if (next === undefined || next === null) break;
      offset = (next as { range?: [number, number, number] }).range?.[0] ?? offset;
      node = next;
      if (isAliasNode(node)) node = node.resolve(doc);
    }
    return place(offset);
  };
}

function isAliasNode(node: unknown): node is { resolve(doc: Document): unknown } {
  return typeof node === 'object' && node !== null && 'source' in node && 'resolve' in node;
}

function fileError(
  title: string,
  file: string,
  code: string,
  message: string,
  fix: string,
  cause?: unknown,
): ConfigError {
  const problem: Problem = { severity: 'error', code, at: [], place: `${file}:1:1`, message, fix };
  return new ConfigError(title, [problem], cause);
}

function tooLarge(file: string, title: string): ConfigError {
  const message = `is larger than ${CONFIG_BYTES_MAX} bytes`;
  return fileError(title, file, 'CONFIG_TOO_LARGE', message, 'give one site per file');
}
