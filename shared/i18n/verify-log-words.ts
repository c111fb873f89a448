/** Findings about the file, the keys and the log; `{name}` is filled from their values. */
import type { VerifyText } from './verify-words.ts';

export const LOG_FINDINGS = {
  BUNDLE_SHA256: {
    vi: 'Mã SHA-256 của tệp là {found}, không phải mã đã nhập {typed}',
    en: "The file's SHA-256 is {found}, not the one typed in, {typed}",
  },
  ZIP_FORMAT: {
    vi: 'Tệp zip bị hỏng hoặc không đúng dạng ({problem})',
    en: 'The zip file is damaged or of another kind ({problem})',
  },
  FILE_MISSING: { vi: 'Thiếu tệp', en: 'The file is missing' },
  FILE_EXTRA: { vi: 'Tệp thừa, bản kê không có', en: 'The manifest does not list this file' },
  FILE_DIGEST: {
    vi: 'Nội dung tệp khác với bản kê',
    en: 'The file is not the one that the manifest names',
  },
  FILE_CRC: {
    vi: 'Mã kiểm tra của tệp trong zip không đúng',
    en: "The file's checksum in the zip is wrong",
  },
  FILE_FORMAT: { vi: 'Không đọc được tệp ({problem})', en: 'The file cannot be read ({problem})' },
  FILE_TOO_LARGE: { vi: 'Tệp quá lớn: {bytes} byte', en: 'The file is too large: {bytes} bytes' },
  UNFORESEEN: {
    vi: 'Bộ số liệu có giá trị mà chương trình không lường trước ({problem})',
    en: 'A value that this program did not foresee ended the checks ({problem})',
  },
  MANIFEST_FORMAT: {
    vi: 'Không đọc được bản kê ({problem})',
    en: 'The manifest cannot be read ({problem})',
  },
  MANIFEST_SIGNATURE: {
    vi: 'Chữ ký của bản kê không đúng ({problem})',
    en: 'The manifest is not signed by the document key ({problem})',
  },
  POLICY_FORMAT: {
    vi: 'Không đọc được danh sách khóa trong bộ số liệu ({problem})',
    en: "The bundle's list of keys cannot be read ({problem})",
  },
  TRUST_FORMAT: {
    vi: 'Không đọc được danh sách khóa của người kiểm chứng ({problem})',
    en: "The auditor's list of keys cannot be read ({problem})",
  },
  POLICY_KEY: {
    vi: 'Khóa của {name} khác với khóa của người kiểm chứng',
    en: "The key of {name} is not the auditor's",
  },
  POLICY_LOG: { vi: 'Không có khóa tin cậy của sổ {log}', en: 'No trusted key for the log {log}' },
  KEYS_CANDIDATES: {
    vi: 'Chưa có khóa nhận bằng đường khác để đối chiếu',
    en: 'No keys that came another way to compare with',
  },
  CHECKPOINT_FALSE: {
    vi: 'Mốc của sổ {log} không có chữ ký đúng ({problem})',
    en: 'The head of the log {log} is not signed by its key ({problem})',
  },
  FILE_HEAD: {
    vi: 'Tệp thuộc mốc khác ({log}, {size}; mốc đã ký: {head})',
    en: 'The file is about another head ({log}, {size}; signed: {head})',
  },
  AS_OF_OTHER: {
    vi: 'Bản kê nêu mốc {size} của {log}, mốc đã ký là {head}',
    en: 'The manifest names size {size} of {log}, signed is {head}',
  },
  ANCHOR_FALSE: {
    vi: 'Xác nhận của {by} cho mốc {size} không đúng ({problem})',
    en: 'The anchor by {by} over size {size} is false ({problem})',
  },
  ANCHOR_UNCHECKED: {
    vi: 'Chưa kiểm được xác nhận của {by} cho mốc {size}: thiếu chứng thư hoặc khóa tin cậy ({problem})',
    en: 'The anchor by {by} over size {size} was not checked: no trusted certificate or key ({problem})',
  },
  WITNESS_QUORUM: {
    vi: 'Sổ {log} không có xác nhận của bên chứng kiến nào',
    en: 'No witness vouches for the log {log}',
  },
  ANCHOR_NONE: { vi: 'Không có xác nhận nào từ bên ngoài', en: 'There is no anchor outside' },
  ANCHOR_EARLY: {
    vi: 'Bên ngoài chỉ xác nhận sổ đến {anchored_ms}, trước khi kỳ kết thúc lúc {end_ms}',
    en: "Anchors vouch up to {anchored_ms} only, before the period's end at {end_ms}",
  },
  LOG_OPEN_MISSING: {
    vi: 'Thiếu văn bản mở sổ {log}',
    en: 'The opening of the log {log} is missing',
  },
  LOG_OPEN_FALSE: {
    vi: 'Văn bản mở sổ {log} không đúng ({problem})',
    en: 'The opening of the log {log} is false ({problem})',
  },
  LOG_BREAK: {
    vi: 'Sổ {log} không nối tiếp sổ {previous}',
    en: 'The log {log} does not follow the head of {previous}',
  },
  LOG_REOPENED: {
    vi: 'Sổ {log} nối tiếp {previous} từ mốc {size}: {reason}',
    en: 'The log {log} follows {previous} at size {size}: {reason}',
  },
  LOG_TAIL_UNSIGNED: {
    vi: 'Sổ {log} đã mất khóa: các dòng sau mốc {signed} đến hết mốc {closed} chỉ được ký bằng khóa của sổ kế tiếp',
    en: "The key of the log {log} was lost: its leaves behind size {signed}, up to {closed}, are signed by the next log's key only",
  },
  ANCHOR_INCONSISTENT: {
    vi: 'Mốc {size} mà {by} xác nhận không thuộc sổ này ({problem})',
    en: 'The log does not continue size {size} that {by} vouched for ({problem})',
  },
  PRINTED_FORMAT: {
    vi: 'Không đọc được mốc đã nhập',
    en: 'The checkpoint typed in cannot be read',
  },
  PRINTED_LOG: { vi: 'Bộ số liệu không có sổ {log}', en: 'The bundle has no log {log}' },
  PRINTED_BEYOND: {
    vi: 'Tờ in ({size}) mới hơn bộ số liệu ({head}): hãy xin bộ số liệu mới hơn',
    en: 'The printed head ({size}) is newer than the bundle ({head}): ask for a newer bundle',
  },
  PRINTED_UNPROVED: {
    vi: 'Không có chứng minh rằng sổ nối tiếp mốc in trên giấy {size}',
    en: 'Nothing proves that the log continues the printed head {size}',
  },
  PRINTED_INCONSISTENT: {
    vi: 'Sổ đã bị viết lại sau mốc in trên giấy {size}',
    en: 'The log was rewritten after the printed head {size}',
  },
  KEY_DOCUMENT: {
    vi: 'Văn bản về khóa không đúng ({kind}: {problem})',
    en: 'A document about keys is false ({kind}: {problem})',
  },
  KEY_UNFIT: {
    vi: 'Văn bản {kind} không khớp với các khóa trước đó của {agent}, lần đăng ký {epoch}',
    en: 'The {kind} does not fit the keys before it of {agent}, epoch {epoch}',
  },
  KEY_REVOKED: {
    vi: 'Khóa của {agent} bị thu hồi từ dòng {from_leaf}',
    en: 'The key of {agent} is revoked from leaf {from_leaf} on',
  },
} as const satisfies Record<string, VerifyText>;
