/** Findings about days and figures; `{name}` is filled from their values. */
import type { VerifyText } from './verify-words.ts';

export const FIGURE_FINDINGS = {
  DAY_DIFFERS: {
    vi: 'Chốt số liệu ngày {day} khác với kết quả tính lại ({member})',
    en: 'The digest of day {day} differs from what was computed again ({member})',
  },
  DAY_EARLIER: {
    vi: 'Chốt số liệu ngày {day} được lập trước khi nhận số liệu đến muộn',
    en: 'The digest of day {day} was made before late data arrived',
  },
  DAY_CHANGED: {
    vi: 'Chốt số liệu ngày {day} khác với kết quả tính lại ({member}); sau đó có văn bản làm thay đổi cách tính',
    en: 'The digest of day {day} differs from what was computed again ({member}); later documents change what is judged',
  },
  DAYS_NOT_RECOMPUTED: {
    vi: '{count} chốt số liệu ngày không tính lại được ở đây vì một phần kết quả đo đã che hoặc đã xóa',
    en: '{count} digests of days were not computed again: results are masked or deleted',
  },
  REPORT_ISSUED: {
    vi: 'Đã phát hành báo cáo {id} cho kỳ {from_ms} đến {to_ms}',
    en: 'Report {id} was issued for {from_ms} to {to_ms}',
  },
  RULES_OTHER: {
    vi: 'Quy tắc tính phiên bản {rules}; chương trình này dùng phiên bản {own}',
    en: 'Rules of version {rules}; this program knows version {own}',
  },
  FIGURES_FORMAT: {
    vi: 'Không đọc được figures.json ({problem})',
    en: 'figures.json cannot be read ({problem})',
  },
  FIGURES_DIFFER: { vi: 'Ghi {told}, tính lại được {own}', en: 'Says {told}, computed {own}' },
  FIGURES_LEFT_OUT: {
    vi: '{count} mục không tính lại được ở đây vì dựa trên phần đã che hoặc đã xóa',
    en: '{count} rows cannot be computed here: they rest on what is masked or deleted',
  },
  FIGURES_NONE: {
    vi: 'Không có dòng số liệu nào để so với kết quả tính lại',
    en: 'There is no row of figures to compare with what was computed again',
  },
} as const satisfies Record<string, VerifyText>;
