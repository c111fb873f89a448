// Compiles the browser code to collector/web/dist: one script, one style sheet, fonts, one page.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const dist = join(here, 'dist');
const fonts = join(here, '../../node_modules/@fontsource-variable/source-sans-3/files');
const FONT_FILES = ['latin', 'vietnamese'].map((set) => `source-sans-3-${set}-wght-normal.woff2`);

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'assets'), { recursive: true });
const result = await build({
  entryPoints: [join(here, 'pages/main.tsx'), join(here, 'theme.css')],
  outdir: join(dist, 'assets'),
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2020',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  external: ['./fonts/*'],
  metafile: true,
  logLevel: 'warning',
});
const names = Object.keys(result.metafile.outputs).map((path) => path.split('/').at(-1) ?? '');
const asset = (ending) => `/assets/${names.find((name) => name.endsWith(ending))}`;
for (const font of FONT_FILES) await cp(join(fonts, font), join(dist, 'assets/fonts', font));
await cp(join(here, 'icon.svg'), join(dist, 'icon.svg'));
const page = await readFile(join(here, 'index.html'), 'utf8');
await writeFile(
  join(dist, 'index.html'),
  page.replace('SCRIPT', asset('.js')).replace('STYLE', asset('.css')),
);
