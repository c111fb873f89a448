/** Findings about batches and documents; `{name}` is filled from their values. */
import type { VerifyText } from './verify-words.ts';

export const DATA_FINDINGS = {
  KEY_UNKNOWN: {
    vi: 'Không có khóa nào được chấp nhận cho {agent}, lần đăng ký {epoch}',
    en: 'No key was accepted for {agent}, epoch {epoch}',
  },
  SIGNATURE_FALSE: { vi: 'Chữ ký không đúng', en: 'The signature is false' },
  SIGNED_REVOKED: {
    vi: 'Ký bằng khóa đã bị thu hồi',
    en: 'Signed with a key that had been revoked',
  },
  SIGNED_DOUBTFUL: {
    vi: 'Gói {from_seq} đến {to_seq} của {agent} (lần đăng ký {epoch}): khóa bị thu hồi từ gói đầu, coi như không có số liệu',
    en: 'Batches {from_seq} to {to_seq} of {agent}, epoch {epoch}: the key was revoked from the first one on; their time is without data',
  },
  HEADER_FORMAT: {
    vi: 'Phần đầu gói số liệu không đúng dạng ({problem})',
    en: 'The header has no valid form ({problem})',
  },
  HEADER_UNREADABLE: {
    vi: 'Không đọc được phần đầu; coi như không có số liệu ({problem})',
    en: 'The header cannot be read; its time is without data ({problem})',
  },
  HEADER_OTHER: { vi: 'Gói số liệu của trụ sở khác', en: 'The batch is of another site' },
  SECTION_COUNT: {
    vi: 'Phần đầu nêu {named} phần nội dung, có {found}',
    en: 'The header names {named} sections, there are {found}',
  },
  SECTION_HASH: {
    vi: 'Nội dung {section} khác với nội dung đã ký',
    en: 'Section {section} is not the one that was signed',
  },
  SECTION_GZIP: {
    vi: 'Không giải nén được {section} ({problem})',
    en: 'Section {section} does not inflate ({problem})',
  },
  SECTION_UNREADABLE: {
    vi: 'Không đọc được một phần; coi như không có số liệu ({problem})',
    en: 'A part cannot be read; its time is without data ({problem})',
  },
  CHAIN_GAP: {
    vi: 'Thiếu gói số liệu của {agent}: chờ gói {expected}, gặp gói {seq}',
    en: 'Batches of {agent} are missing: {expected} expected, {seq} found',
  },
  CHAIN_REPEAT: {
    vi: 'Gói {seq} của {agent} lặp lại hoặc sai thứ tự',
    en: 'Batch {seq} of {agent} repeats or is out of order',
  },
  CHAIN_BROKEN: {
    vi: 'Gói {seq} của {agent} không nối tiếp gói trước nó',
    en: 'Batch {seq} of {agent} does not follow the one before it',
  },
  CHAIN_BREAK_LOGGED: {
    vi: 'Máy đo {agent} tự ký gói {seq} không nối tiếp; coi như không có số liệu',
    en: '{agent} itself signed batch {seq} out of its chain; its time is without data',
  },
  EPOCH_UNKNOWN: {
    vi: 'Lần đăng ký {epoch} của {agent} không có trong sổ',
    en: 'Epoch {epoch} of {agent} was not enrolled',
  },
  AGENT_UNKNOWN: {
    vi: 'Bản kê không có máy đo {agent}',
    en: 'The manifest does not name the agent {agent}',
  },
  STRETCH_BEGIN: {
    vi: 'Chuỗi của {agent} bắt đầu quá muộn: phần trước đó bị cắt',
    en: 'The chain of {agent} begins too late: what lies before was cut off',
  },
  HOLE: {
    vi: '{agent} khai đã mất các gói {from_seq} đến {to_seq} ({reason})',
    en: '{agent} declares batches {from_seq} to {to_seq} as lost ({reason})',
  },
  HOLE_UNFIT: {
    vi: 'Khai báo mất gói {from_seq} đến {to_seq} của {agent} không khớp với chuỗi',
    en: 'The hole {from_seq} to {to_seq} of {agent} does not fit its chain',
  },
  AGENT_SILENT: {
    vi: '{agent} không có số liệu từ {from_ms} đến {to_ms}',
    en: '{agent} has no data from {from_ms} to {to_ms}',
  },
  EPOCH_NEW: {
    vi: '{agent} được đăng ký lại (lần {epoch})',
    en: '{agent} was enrolled again (epoch {epoch})',
  },
  LEAF_OTHER: {
    vi: 'Gói {seq} của {agent} khác với gói đã ghi trong sổ',
    en: 'Batch {seq} of {agent} is not the one in the log',
  },
  INCLUSION_FALSE: {
    vi: 'Chứng minh các dòng trong tệp nằm đúng chỗ trong sổ {log} không đúng',
    en: 'The proof that the listed leaves stand at their places in log {log} is false',
  },
  SEEN_AHEAD: {
    vi: '{agent} nêu mốc {size} trước khi sổ đạt tới (dòng {leaf})',
    en: '{agent} names size {size} before the log reached it (leaf {leaf})',
  },
  SEEN_UNPROVED: {
    vi: 'Thiếu chứng minh sổ nối tiếp mốc {size} mà máy đo đã thấy',
    en: 'Nothing proves that the log continues size {size} that an agent saw',
  },
  SEEN_INCONSISTENT: {
    vi: 'Sổ đã bị viết lại sau mốc {size} mà máy đo đã thấy',
    en: 'The log was rewritten after size {size} that an agent saw',
  },
  SEEN_FALSE: {
    vi: 'Các mốc mà {agent} nêu không có chữ ký của khóa sổ này ({problem})',
    en: 'The heads that {agent} names are not signed by the key of this log ({problem})',
  },
  SEEN_UNSIGNED: {
    vi: '{agent} tự nêu một mốc mà sổ chưa từng ký ({problem})',
    en: '{agent} itself names a head that the log never signed ({problem})',
  },
  SEEN_LOG: {
    vi: 'Máy đo đã thấy sổ {log}, bộ số liệu không có',
    en: 'An agent saw the log {log}, which the bundle does not have',
  },
  SEEN_LOST: {
    vi: 'Máy đo đã thấy mốc {size} của {log}; phần cuối của sổ đó đã mất và việc này đã được ghi nhận',
    en: 'An agent saw size {size} of {log}; the end of that log was lost, and this is on record',
  },
  TIME_BEFORE_ANCHOR: {
    vi: 'Đồng hồ máy đo ghi {sealed_ms}, nhưng gói có sau {bound_ms}',
    en: "The agent's clock says {sealed_ms}, but the batch is newer than {bound_ms}",
  },
  TIME_AFTER_ANCHOR: {
    vi: 'Đồng hồ máy đo ghi {sealed_ms}, nhưng gói có trước {bound_ms}',
    en: "The agent's clock says {sealed_ms}, but the batch is older than {bound_ms}",
  },
  MONO_BACK: {
    vi: 'Đồng hồ đếm của {agent} chạy lùi trong một lần khởi động',
    en: 'The monotonic clock of {agent} ran back inside one boot',
  },
  SEALED_FUTURE: {
    vi: 'Ghi {sealed_ms}, nhận lúc {recv_ms}: thời gian sai không được tính',
    en: 'Says {sealed_ms}, received {recv_ms}: a false time is not counted',
  },
  RECEIVED_BACK: {
    vi: 'Đồng hồ máy chủ bị chỉnh lùi từ {from_ms} về {to_ms}',
    en: "The collector's clock was set back from {from_ms} to {to_ms}",
  },
  CLOCK_STEP: {
    vi: 'Đồng hồ của {agent} bị chỉnh {step} ms',
    en: 'The clock of {agent} was moved by {step} ms',
  },
  BATCH_MISSING: {
    vi: 'Gói {seq} của {agent} có trong sổ nhưng không có trong bộ số liệu',
    en: 'Batch {seq} of {agent} is in the log, but not in the bundle',
  },
  BATCH_UNLISTED: {
    vi: 'Gói số liệu không có trong danh sách dòng của sổ',
    en: 'A batch that no leaf names',
  },
  BATCH_FILE: {
    vi: 'Gói {seq} của {agent} nằm sai tệp ngày',
    en: 'Batch {seq} of {agent} stands in the file of another day',
  },
  DOCUMENT_MISSING: {
    vi: 'Văn bản {kind} có trong sổ nhưng không có trong bộ số liệu',
    en: 'A {kind} document is in the log, but not in the bundle',
  },
  DOCUMENT_UNLISTED: {
    vi: 'Văn bản không có trong danh sách dòng của sổ',
    en: 'A document that no leaf names',
  },
  DOCUMENT_WITHHELD: { vi: 'Văn bản {what} bị giữ lại', en: 'A {what} document is withheld' },
  SECTION_WITHHELD: { vi: 'Nội dung {section} bị giữ lại', en: 'Section {section} is withheld' },
  SECTION_SHOWN: {
    vi: 'Bộ số liệu ghi là đã che nhưng vẫn có nội dung {section}',
    en: 'The bundle is called masked, but holds section {section}',
  },
  SECTION_PRUNED: {
    vi: 'Nội dung {section} nhận trong tháng {month} đã bị xóa theo quy định lưu trữ',
    en: 'Sections {section} received in {month} were deleted by the retention rule',
  },
  MASKED: { vi: 'Đã che: {what}', en: 'Masked: {what}' },
  CONFLICT: {
    vi: '{agent} ký hai gói khác nhau cho số {seq}',
    en: '{agent} signed two different batches with number {seq}',
  },
  DAILY_COUNT: {
    vi: 'Ngày này sổ có {told} mục ({what}), danh sách có {listed}',
    en: 'This day the log has {told} entries ({what}), listed are {listed}',
  },
  DAILY_DATE: {
    vi: 'Ngày {day} không khớp với giờ nhận của các mục trong ngày đó',
    en: 'The day {day} does not fit the times of receipt of its entries',
  },
  PERIOD_OPEN: {
    vi: 'Số liệu chỉ đến {to_ms}, kỳ kết thúc lúc {end_ms}',
    en: 'Data end at {to_ms}, the period at {end_ms}',
  },
  PERIOD_LATE: {
    vi: 'Kỳ bắt đầu lúc {from_ms}, số liệu từ {begin_ms}',
    en: 'The period begins at {from_ms}, data at {begin_ms}',
  },
  BEGIN_UNFIT: {
    vi: 'Thời đoạn được tính không khớp: bắt đầu ở chốt số liệu ngày hoặc ở phút đầu tiên có số liệu',
    en: 'What is judged does not fit: it begins at a digest of a day, or in the first minute of data',
  },
  DOCUMENT_FORMAT: {
    vi: 'Không đọc được văn bản {kind} ({problem})',
    en: 'The {kind} document cannot be read ({problem})',
  },
  DOCUMENT_SIGNATURE: {
    vi: 'Chữ ký của văn bản {kind} không đúng',
    en: 'The signature of the {kind} document is false',
  },
  DOCUMENT_HASH: {
    vi: 'Văn bản {kind} khác với văn bản đã ghi trong sổ',
    en: 'The {kind} document is not the one in the log',
  },
  DOCUMENT_OTHER: {
    vi: 'Văn bản {kind} nói về nơi khác ({problem})',
    en: 'The {kind} document is about something else ({problem})',
  },
  LIST_UNKNOWN: {
    vi: 'Gói số liệu theo danh sách thiết bị không có trong sổ; coi như không có số liệu',
    en: 'The batch names a target list that was not logged before; its time is without data',
  },
} as const satisfies Record<string, VerifyText>;
