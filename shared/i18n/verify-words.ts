/** What the verifier says to people, on a terminal and on its page: checks and verdicts. */
import type { CheckId, CheckStatus, Outcome } from '../evidence/verify/types.ts';
import type { Language } from './words.ts';

export interface VerifyText {
  readonly vi: string;
  readonly en: string;
}

export const CHECK_WORDS: Readonly<Record<CheckId, VerifyText>> = {
  container: { vi: 'Tệp nguyên vẹn', en: 'The file is whole' },
  policy: { vi: 'Khóa được tin cậy', en: 'Trusted keys' },
  checkpoint: { vi: 'Mốc sổ có chữ ký', en: 'Signed head of the log' },
  anchor: { vi: 'Xác nhận từ bên ngoài', en: 'Anchored outside' },
  consistency: { vi: 'Sổ chỉ được ghi thêm', en: 'The log only grew' },
  keys: { vi: 'Khóa của máy đo', en: 'Keys of the agents' },
  signatures: { vi: 'Chữ ký và nội dung gói số liệu', en: 'Signatures and contents of batches' },
  chain: { vi: 'Chuỗi gói số liệu liền mạch', en: 'Unbroken chain of batches' },
  inclusion: { vi: 'Gói số liệu nằm trong sổ', en: 'Batches stand in the log' },
  seen: { vi: 'Các mốc sổ máy đo đã thấy', en: 'Log heads that agents saw' },
  time: { vi: 'Thời gian đo', en: 'Times' },
  completeness: { vi: 'Không thiếu phần nào', en: 'Nothing is left out' },
  documents: { vi: 'Văn bản kèm theo', en: 'Documents' },
  figures: { vi: 'Tính lại các con số', en: 'Figures computed again' },
  verdict: { vi: 'Kết luận', en: 'Verdict' },
};

export const STATUS_WORDS: Readonly<Record<CheckStatus, VerifyText>> = {
  ok: { vi: 'KHỚP', en: 'OK' },
  gap: { vi: 'LƯU Ý', en: 'GAP' },
  failed: { vi: 'KHÔNG KHỚP', en: 'FAILED' },
  not_checked: { vi: 'CHƯA XÉT', en: 'NOT CHECKED' },
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, VerifyText>> = {
  pass: { vi: 'KHỚP', en: 'PASS' },
  pass_with_gaps: { vi: 'KHỚP, CÓ KHOẢNG KHÔNG CÓ SỐ LIỆU', en: 'PASS WITH GAPS' },
  fail: { vi: 'KHÔNG KHỚP', en: 'FAIL' },
};

/** What is counted; the number stands in front. */
export const COUNT_WORDS = {
  anchors: { vi: 'xác nhận', en: 'anchors' },
  anchors_good: { vi: 'xác nhận đúng', en: 'good anchors' },
  agents: { vi: 'máy đo', en: 'agents' },
  batches: { vi: 'gói số liệu', en: 'batches' },
  bytes: { vi: 'byte', en: 'bytes' },
  days: { vi: 'ngày', en: 'days' },
  documents: { vi: 'văn bản', en: 'documents' },
  doubtful: { vi: 'gói ký bằng khóa bị thu hồi sau đó', en: 'batches under a key revoked later' },
  files: { vi: 'tệp', en: 'files' },
  future: { vi: 'gói ghi thời gian sớm hơn lúc nhận', en: 'batches ahead of their receipt' },
  heads: { vi: 'mốc sổ', en: 'heads' },
  incidents: { vi: 'sự cố', en: 'incidents' },
  logs: { vi: 'sổ', en: 'logs' },
  printed: { vi: 'mốc in trên giấy', en: 'printed heads' },
  proofs: { vi: 'chứng minh', en: 'proofs' },
  rows: { vi: 'dòng số liệu', en: 'rows' },
  sections: { vi: 'phần nội dung', en: 'sections' },
  signatures: { vi: 'chữ ký', en: 'signatures' },
  strong: { vi: 'gói có mốc thời gian hai phía', en: 'batches bounded on both sides' },
  withheld: { vi: 'phần không kèm theo', en: 'sections withheld' },
  witnesses: { vi: 'bên chứng kiến', en: 'witnesses' },
} as const satisfies Record<string, VerifyText>;

/** Headings and sentences around the checks. `{name}` is filled in. */
export const VERIFY_WORDS = {
  title: { vi: 'Kiểm chứng số liệu', en: 'Verification of the figures' },
  file: { vi: 'Bộ số liệu gốc', en: 'Evidence bundle' },
  demo: {
    vi: 'SỐ LIỆU MÔ PHỎNG (DEMO), không phải số liệu đo thật',
    en: 'SIMULATED DATA (DEMO), nothing here was really measured',
  },
  site: { vi: 'Trụ sở', en: 'Site' },
  period: { vi: 'Từ {from_ms} đến {to_ms}', en: 'From {from_ms} to {to_ms}' },
  masked: { vi: 'Bản đã che thông tin riêng', en: 'Masked: private parts are left out' },
  more: { vi: '… và {count} mục nữa', en: '… and {count} more' },
  not_proved: { vi: 'Điều không được chứng minh', en: 'What is not proved' },
  truth: {
    vi: 'Phép kiểm chứng phát hiện sửa đổi sau khi máy đo ký; không chứng minh phép đo đúng vào lúc ký.',
    en: 'Changes after signing are detectable; that a measurement was true when signed is not proved.',
  },
  keys_candidates: {
    vi: 'Khóa lấy từ chính bộ số liệu này: hãy đối chiếu policy.txt với khóa nhận bằng đường khác.',
    en: 'The keys come from this bundle: compare policy.txt with keys that reached you another way.',
  },
  keys_compared: {
    vi: 'Khóa đã được đối chiếu với khóa của người kiểm chứng.',
    en: "The keys were compared with the auditor's own.",
  },
  exposed_all: {
    vi: 'Không ai ở ngoài xác nhận số liệu của kỳ này: người giữ mọi khóa có thể đã viết lại.',
    en: 'Nobody outside vouches for this period: whoever holds all keys could have rewritten it.',
  },
  exposed_from: {
    vi: 'Từ {from_ms} đến {to_ms} chưa có bên ngoài xác nhận: người giữ mọi khóa có thể đã viết lại.',
    en: 'Nobody outside vouches for {from_ms} to {to_ms}: whoever holds all keys could have rewritten it.',
  },
  exposed_none: {
    vi: 'Bên ngoài đã xác nhận sổ đến sau khi kỳ kết thúc ({anchored_ms}).',
    en: 'Somebody outside vouched for the log after the end of the period ({anchored_ms}).',
  },
  printed_good: {
    vi: 'Số mốc in trên giấy đã nhập và khớp: {count}.',
    en: 'Printed heads that were typed in and fit: {count}.',
  },
  times_bounded: {
    vi: '{strong} trong {batches} gói số liệu có thời gian được xác nhận hai phía; còn lại theo khai báo của máy chủ.',
    en: 'Times of {strong} of {batches} batches are bounded by anchors; the others are declared by the collector.',
  },
  carried_in: {
    vi: 'Tính tiếp từ chốt số liệu ngày {day} (đã ký, đã ghi sổ, không tính lại).',
    en: 'Goes on from the digest of day {day} (signed and logged, not computed again).',
  },
} as const satisfies Record<string, VerifyText>;

export type VerifyWord = keyof typeof VERIFY_WORDS;
export type CountWord = keyof typeof COUNT_WORDS;

/** `{name}` filled in; a name without a value stays visible as it is. */
export function fill(
  text: VerifyText,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return text[language].replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
