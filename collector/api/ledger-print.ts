import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { formatCheckpoint } from '../../shared/evidence/checkpoint.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { encodeVerifierKey } from '../../shared/evidence/note.ts';
import { CHECKPOINT_WORDS as WORDS } from '../../shared/i18n/checkpoint-words.ts';
import { formatDateTime } from '../../shared/i18n/format.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { PRINT_ACTION } from '../ledger/printed.ts';
import type { SignedCheckpoint } from '../ledger/types.ts';
import { qrSvg } from '../report/qr.ts';
import { Log, ledgerHead } from './ledger.ts';
import { PRINT_CSS } from './ledger-print-css.ts';
import { typed } from './routes.ts';
import { ErrorBody } from './schemas.ts';

/** `GET /ledger/:log/print`: one A4 sheet that goes into a register of letters. */
export function ledgerPrintRoute(app: FastifyInstance, context: AppContext): void {
  const style = toBase64(context.crypto.sha256(utf8(PRINT_CSS)));
  // The page holds its style itself, so that a saved copy prints as it did here.
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'`;
  typed(app).get(
    '/ledger/:log/print',
    {
      config: { access: 'verify' },
      schema: {
        summary: 'Newest checkpoint as a page to print, with a QR code',
        tags: ['ledger'],
        params: Log,
        response: { 200: Type.String(), '4xx': ErrorBody, '5xx': ErrorBody },
      },
    },
    async (request, reply) => {
      const head = await ledgerHead(context, request.params.log);
      await notePrinted(context, person(request).name, head);
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', policy)
        .send(page(context, head)) as never;
    },
  );
}

/** What stands on paper somewhere: every later bundle proves that its head continues this one. */
async function notePrinted(
  { store, now_ms }: AppContext,
  actor: string,
  { origin, size }: SignedCheckpoint,
): Promise<void> {
  const at_ms = now_ms();
  const detail = JSON.stringify({ log: origin, size });
  await store.write((tx) =>
    tx.addAudit({ at_ms, actor, action: PRINT_ACTION, site: null, detail }),
  );
}

function page(context: AppContext, head: SignedCheckpoint): string {
  const { crypto, log_key, document_key } = context;
  const text = formatCheckpoint(head);
  const verifier = encodeVerifierKey(crypto, { name: head.origin, publicKey: log_key });
  const demo = context.demo ? `<p class="demo">${both('demo')}</p>` : '';
  return `<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${WORDS.title.vi} · ${escapeHtml(head.origin)} · ${head.size}</title>
<style>${PRINT_CSS}</style></head><body><main>
${demo}<h1>${WORDS.title.vi}<small lang="en">${WORDS.title.en}</small></h1>
<p>${WORDS.what.vi}</p><p class="en" lang="en">${WORDS.what.en}</p>
<h2>${both('lines')}</h2><pre>${escapeHtml(text)}</pre>
<div class="pair"><figure>${qr(text)}<figcaption>${both('qr')}</figcaption></figure><dl>
${row('signed', formatDateTime(head.at_ms))}
${row('entries', `<b>${head.size}</b>`)}
${row('log_code', `<b>${shortCode(crypto, log_key)}</b>`)}
${row('document_code', `<b>${shortCode(crypto, document_key.publicKey)}</b>`)}
${row('log_key', `<code>${escapeHtml(verifier)}</code>`)}
</dl></div>
<h2>${both('received')}</h2>
<table><tr>${(['office', 'number', 'date', 'signature'] as const).map(cell).join('')}</tr></table>
<footer><p>${WORDS.limits.vi}</p><p class="en" lang="en">${WORDS.limits.en}</p>
<p class="en">${both('printed')}: ${formatDateTime(context.now_ms())} · LanProof ${escapeHtml(context.software)}</p>
</footer></main></body></html>
`;
}

function qr(text: string): string {
  try {
    return qrSvg(text, WORDS.qr.vi);
  } catch {
    // A log may be named in any script; its lines can still be read and typed.
    return '';
  }
}

function both(word: keyof typeof WORDS): string {
  const { vi, en } = WORDS[word];
  return `${vi}<small lang="en">${en}</small>`;
}

function row(word: keyof typeof WORDS, value: string): string {
  return `<dt>${both(word)}</dt><dd>${value}</dd>`;
}

function cell(word: keyof typeof WORDS): string {
  return `<td>${both(word)}</td>`;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return text.replace(/[&<>]/g, (found) => names[found] ?? '');
}
