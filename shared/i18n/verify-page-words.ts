/** Texts of the verifier's page alone: what each check asks, and everything around the verdict. */
import type { CheckId } from '../evidence/verify/types.ts';
import type { VerifyText } from './verify-words.ts';

/** One sentence a check, for somebody who has never heard of signatures. */
export const CHECK_ABOUT: Readonly<Record<CheckId, VerifyText>> = {
  container: {
    vi: 'Mọi phần của tệp có đúng mã SHA-256 ghi trong danh mục đã ký.',
    en: 'Every part of the file has the SHA-256 that the signed list states.',
  },
  policy: {
    vi: 'Khóa trong tệp trùng với khóa mà người kiểm chứng nhận bằng đường khác (nếu có nhập).',
    en: 'The keys in the file are those that reached the auditor another way (if entered).',
  },
  checkpoint: {
    vi: 'Mốc cuối của sổ có chữ ký đúng của máy chủ.',
    en: 'The newest head of the log bears the true signature of the collector.',
  },
  anchor: {
    vi: 'Bên ngoài (dấu thời gian, bên chứng kiến) đã xác nhận sổ sau khi kỳ kết thúc.',
    en: 'Somebody outside (time-stamp, witness) vouched for the log after the period.',
  },
  consistency: {
    vi: 'Các mốc cũ đều là phần đầu của mốc mới: sổ chỉ được ghi thêm, không bị viết lại.',
    en: 'Older heads are the beginning of newer ones: the log only grew, nothing was rewritten.',
  },
  keys: {
    vi: 'Mỗi máy đo ký bằng khóa đã được chấp nhận và ghi vào sổ.',
    en: 'Each agent signs with a key that was accepted and logged.',
  },
  signatures: {
    vi: 'Gói số liệu có chữ ký đúng, nội dung đúng như lúc ký.',
    en: 'Batches bear true signatures, and their contents are what was signed.',
  },
  chain: {
    vi: 'Gói sau chứa mã của gói trước: không gói nào bị bỏ, chèn thêm hoặc đổi chỗ.',
    en: 'Each batch contains the hash of the one before: none was dropped, added or moved.',
  },
  inclusion: {
    vi: 'Các gói số liệu được chứng minh là có trong sổ.',
    en: 'The batches are proved to stand in the log.',
  },
  seen: {
    vi: 'Mốc sổ mà máy đo từng nhận được đều nằm trong sổ này.',
    en: 'What agents once saw of the log is part of this log.',
  },
  time: {
    vi: 'Thời gian đo không mâu thuẫn với các mốc thời gian đã được xác nhận.',
    en: 'Times of measuring do not contradict times that others vouch for.',
  },
  completeness: {
    vi: 'Mọi gói và văn bản mà sổ liệt kê cho trụ sở này đều có trong tệp.',
    en: 'Every batch and document that the log lists for this site is in the file.',
  },
  documents: {
    vi: 'Danh mục thiết bị, lịch làm việc, bảo trì và các văn bản khác có chữ ký đúng.',
    en: 'Device lists, calendars, maintenance and other documents bear true signatures.',
  },
  figures: {
    vi: 'Tính lại mọi con số từ số liệu đo; kết quả phải trùng từng chữ số.',
    en: 'Every figure is computed again from what was measured; each digit must agree.',
  },
  verdict: {
    vi: 'Tổng hợp của mười bốn mục trên.',
    en: 'The fourteen checks above, taken together.',
  },
};

export const VERIFY_PAGE_WORDS = {
  intro: {
    vi: 'Tệp được kiểm chứng ngay trên máy tính này, không cần mạng và không gửi đi đâu.',
    en: 'The file is checked on this computer; it needs no network, and nothing is sent anywhere.',
  },
  choose: { vi: 'Chọn bộ số liệu gốc (.zip)', en: 'Choose the evidence bundle (.zip)' },
  drop: { vi: 'hoặc kéo tệp thả vào đây', en: 'or drop the file here' },
  held: {
    vi: 'Thông tin để đối chiếu (không bắt buộc)',
    en: 'What you hold to compare with (optional)',
  },
  held_why: {
    vi: 'Càng đối chiếu nhiều thông tin có từ nguồn khác, kết luận càng vững.',
    en: 'The more you compare that reached you another way, the firmer the verdict.',
  },
  held_sha256: {
    vi: 'Mã SHA-256 in trên báo cáo',
    en: 'SHA-256 printed on the report',
  },
  held_checkpoints: {
    vi: 'Mốc sổ in trên giấy (ba dòng mỗi mốc; để một dòng trống giữa hai mốc)',
    en: 'Printed checkpoints (three lines each; an empty line between two)',
  },
  held_trust: {
    vi: 'Khóa nhận bằng đường khác (nội dung tệp policy.txt của người kiểm chứng)',
    en: "Keys that reached you another way (text of the auditor's own policy.txt)",
  },
  held_tsa: {
    vi: 'Chứng thư của tổ chức cấp dấu thời gian (PEM)',
    en: 'Certificates of time-stamp authorities (PEM)',
  },
  held_every: {
    vi: 'Kiểm tra mọi chữ ký (lâu hơn; bình thường mỗi giờ một chữ ký, phần còn lại do chuỗi mã chứng minh)',
    en: 'Check every signature (slower; otherwise one an hour, the chain of hashes proves the rest)',
  },
  again: { vi: 'Kiểm chứng lại', en: 'Verify again' },
  stop: { vi: 'Dừng', en: 'Stop' },
  print: { vi: 'In kết quả', en: 'Print the result' },
  copy: { vi: 'Sao chép kết quả', en: 'Copy the result' },
  copied: { vi: 'Đã sao chép', en: 'Copied' },
  running: { vi: 'Đang kiểm chứng', en: 'Verifying' },
  step: { vi: 'Mục {number}/15: {check}', en: 'Check {number}/15: {check}' },
  failed: { vi: 'Không kiểm chứng được', en: 'It could not be verified' },
  why_pass: {
    vi: 'Cả mười lăm mục đều khớp. Mọi con số tính lại trùng với số ghi trong tệp.',
    en: 'All fifteen checks hold. Every figure computed again is the one that the file states.',
  },
  why_pass_notes: {
    vi: 'Không mục nào sai; mọi con số tính lại trùng với số ghi trong tệp. Lưu ý: {why}.',
    en: 'No check fails; every figure computed again is the one that the file states. Note: {why}.',
  },
  why_gaps: {
    vi: 'Không có gì sai. Có điều cần biết: {why}.',
    en: 'Nothing is wrong. What you should know: {why}.',
  },
  why_fail: {
    vi: 'Không khớp ở mục {number} “{check}”: {why}.',
    en: 'It does not match in check {number}, “{check}”: {why}.',
  },
  why_unchecked: {
    vi: 'Chưa xét được mọi mục: kết luận là không khớp.',
    en: 'Not every check could be carried out, so it does not match.',
  },
  checks: { vi: 'Mười lăm mục kiểm chứng', en: 'The fifteen checks' },
  rest: { vi: 'Xem thêm {count} mục', en: 'Show {count} more' },
  findings: { vi: 'Chi tiết: {count}', en: 'Details: {count}' },
  period: { vi: 'Kỳ', en: 'Period' },
  about: { vi: 'Bộ số liệu', en: 'The bundle' },
  file_name: { vi: 'Tệp', en: 'File' },
  head: { vi: 'Mốc sổ', en: 'Head of the log' },
  program: { vi: 'Chương trình lập tệp', en: 'Written by' },
  verified_at: { vi: 'Kiểm chứng lúc', en: 'Verified at' },
  figures: { vi: 'Các con số tính lại', en: 'Figures computed again' },
  figures_working: {
    vi: 'Độ khả dụng trong giờ làm việc',
    en: 'Availability within working hours',
  },
  figures_doubtful: {
    vi: 'Số liệu không khớp: không dùng các con số dưới đây.',
    en: 'The bundle does not match: do not use the figures below.',
  },
  figures_none: {
    vi: 'Không tính lại được con số nào.',
    en: 'No figure could be computed again.',
  },
  figures_masked: {
    vi: '“–”: không tính lại được, vì bản này đã che số liệu của máy tính.',
    en: '“–”: cannot be computed again, as results of computers are left out of this file.',
  },
  figures_all: {
    vi: 'Độ khả dụng mọi giờ, cả ngày đêm',
    en: 'Availability of all hours, day and night',
  },
  total_site: {
    vi: 'Trụ sở (cổng mạng hoặc switch lõi và ít nhất một nửa hạ tầng)',
    en: 'Site (gateway or core switch, and at least half of the infrastructure)',
  },
  total_devices: { vi: 'Các thiết bị', en: 'Devices' },
  total_workplaces: { vi: 'Chỗ làm việc', en: 'Workplaces' },
  bounds: { vi: 'Thấp nhất – cao nhất', en: 'Lowest – highest' },
  bounds_why: {
    vi: '“Thấp nhất – cao nhất”: nếu suốt thời gian không có số liệu là mất kết nối, hoặc là hoạt động.',
    en: '“Lowest – highest”: had all the time without data been down, or up.',
  },
  incidents: { vi: 'Sự cố trong kỳ: {count}', en: 'Incidents of the period: {count}' },
  incidents_printed: {
    vi: 'Bản in chỉ nêu {count} sự cố đầu tiên; trên màn hình có đủ.',
    en: 'Only the first {count} incidents are printed; the screen shows all of them.',
  },
  incident_start: { vi: 'Bắt đầu', en: 'Start' },
  incident_end: { vi: 'Kết thúc', en: 'End' },
  incident_cause: { vi: 'Nguyên nhân', en: 'Cause' },
  incident_devices: { vi: 'Thiết bị', en: 'Devices' },
  incident_goes_on: { vi: 'chưa kết thúc', en: 'goes on' },
  incident_behind: { vi: '{roots}; không tới được: {behind}', en: '{roots}; cut off: {behind}' },
  incident_corrected: {
    vi: '{cause} (người phụ trách sửa; máy xét: {original})',
    en: '{cause} (as a person corrected it; judged: {original})',
  },
  against: { vi: 'Đã đối chiếu với', en: 'Compared with' },
  against_sha256: { vi: 'Mã SHA-256 đã nhập', en: 'SHA-256 typed in' },
  against_checkpoints: { vi: 'Mốc sổ đã nhập', en: 'Checkpoints typed in' },
  against_keys: { vi: 'Khóa', en: 'Keys' },
  against_tsa: { vi: 'Chứng thư dấu thời gian', en: 'Time-stamp certificates' },
  against_signatures: { vi: 'Chữ ký', en: 'Signatures' },
  against_nothing: { vi: 'không có', en: 'none' },
  against_keys_bundle: {
    vi: 'khóa lấy từ chính bộ số liệu',
    en: 'keys taken from the bundle itself',
  },
  against_tsa_count: { vi: 'đã nhập {count} chứng thư', en: '{count} certificates entered' },
  against_every: { vi: 'kiểm tra mọi chữ ký', en: 'every signature checked' },
  against_hourly: {
    vi: 'mỗi giờ một chữ ký; phần còn lại do chuỗi mã chứng minh',
    en: 'one signature an hour; the chain of hashes proves the rest',
  },
  availability: { vi: 'Độ khả dụng', en: 'Availability' },
  coverage: { vi: 'Tỷ lệ thời gian có số liệu', en: 'Coverage: time with data' },
  device: { vi: 'Thiết bị', en: 'Device' },
  outages: { vi: 'Số lần mất kết nối', en: 'Outages' },
  down: { vi: 'Thời gian mất kết nối', en: 'Time down' },
  longest: { vi: 'Lâu nhất', en: 'Longest' },
  no_headline: {
    vi: 'Có số liệu dưới 80 % thời gian: không nêu độ khả dụng.',
    en: 'Data for less than 80 % of the time: no availability is stated.',
  },
  zone: { vi: 'Giờ Việt Nam (UTC+7).', en: 'Times of Vietnam (UTC+7).' },
} as const satisfies Record<string, VerifyText>;

export type VerifyPageWord = keyof typeof VERIFY_PAGE_WORDS;
