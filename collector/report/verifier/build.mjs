// Makes the verifier's two single files, verify.mjs and verify.html, in dist or in a folder that is
// named. The same sources give the same bytes.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const root = join(here, '../../..');
const dist = process.argv[2] ?? join(here, 'dist');
const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  charset: 'utf8',
  legalComments: 'none',
  inject: ['collector/report/verifier/older-runtimes.ts'],
  logLevel: 'warning',
};

/** The licences of everything that was built in, each once, as one comment. */
async function licences(metafiles) {
  const folders = new Set();
  for (const input of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    if (!input.includes('node_modules/')) continue;
    let folder = dirname(join(root, input));
    while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'LICENSE')))) {
      folder = dirname(folder);
      if (folder === root) throw new Error(`${input} comes without a licence`);
    }
    folders.add(folder);
  }
  const texts = ['LanProof · Apache-2.0 · http://www.apache.org/licenses/LICENSE-2.0'];
  for (const folder of [...folders].sort()) {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const text = await readFile(join(folder, 'LICENSE'), 'utf8');
    texts.push(`${name} ${version}\n\n${text.trim()}`);
  }
  return `/*!\n${texts.join('\n\n---\n\n').replaceAll('*/', '* /')}\n*/\n`;
}

async function verifyMjs() {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: ['deploy/cli/verify/main.ts'],
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const program = outputFiles[0].text;
  const strangers = program.match(/from "(?!node:)[^"]+"/g);
  if (strangers !== null) throw new Error(`verify.mjs needs ${strangers.join(', ')}`);
  return `#!/usr/bin/env node\n${await licences([metafile])}${program}`;
}

async function verifyHtml() {
  const result = await build({
    ...common,
    entryPoints: ['collector/report/verifier/page/main.tsx'],
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
  });
  const styles = await build({
    ...common,
    entryPoints: ['collector/report/verifier/page/page.css'],
    inject: [],
    minify: true,
  });
  const script = `${await licences([result.metafile])}${result.outputFiles[0].text}`;
  const style = styles.outputFiles[0].text;
  // A page's parser changes some characters; then the policy's hash would not fit.
  if (/<!--|<\/?script|[\0\r]/i.test(script)) throw new Error('the script would end the page');
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)} blob:`,
    'worker-src blob:',
    `style-src ${digest(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = await readFile(join(here, 'page/page.html'), 'utf8');
  const parts = {
    POLICY: policy,
    '<!-- STYLE -->': `<style>${style}</style>`,
    '<!-- SCRIPT -->': `<script>${script}</script>`,
  };
  return page.replace(/POLICY|<!-- (STYLE|SCRIPT) -->/g, (place) => parts[place]);
}

/** What a policy calls an inline text by. */
function digest(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Whole or not at all: a collector that runs may be reading it. */
async function put(name, text) {
  const begun = join(dist, `.${name}.${process.pid}`);
  await writeFile(begun, text);
  await rename(begun, join(dist, name));
}

await mkdir(dist, { recursive: true });
await put('verify.mjs', await verifyMjs());
await put('verify.html', await verifyHtml());
