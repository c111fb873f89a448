/** The printed checkpoint: both languages stand on one sheet, Vietnamese first. */
export const CHECKPOINT_WORDS = {
  title: { vi: 'Mốc sổ số liệu đo', en: 'Checkpoint of the measurement log' },
  what: {
    vi: 'Ba dòng dưới đây xác định toàn bộ sổ số liệu đo đến lúc ký. Hãy giữ tờ này ở nơi mà người quản lý máy chủ không thay được, ví dụ đóng dấu đến và lưu tại cơ quan tài chính. Sau này, nếu có dòng nào của sổ trước mốc này bị sửa, thêm hoặc bỏ, việc kiểm chứng với ba dòng này sẽ cho thấy.',
    en: 'The three lines below stand for the whole measurement log up to the moment of signing. Keep this sheet where those who run the server cannot exchange it, for example in the register of incoming letters of the finance office. If any entry before it is later altered, added or removed, a verification against these three lines shows it.',
  },
  lines: {
    vi: 'Ba dòng của mốc (tên sổ, số dòng, mã băm)',
    en: 'The three lines (name of the log, number of entries, hash)',
  },
  qr: { vi: 'Mã QR chứa đúng ba dòng trên', en: 'The QR code holds the same three lines' },
  signed: { vi: 'Ký lúc', en: 'Signed at' },
  printed: { vi: 'In lúc', en: 'Printed at' },
  entries: { vi: 'Số dòng của sổ', en: 'Entries in the log' },
  log_code: { vi: 'Mã nhận diện khóa của sổ', en: 'Short code of the log key' },
  document_code: { vi: 'Mã nhận diện khóa văn bản', en: 'Short code of the document key' },
  log_key: {
    vi: 'Khóa để kiểm tra chữ ký của sổ',
    en: 'Verifier key of the log',
  },
  received: { vi: 'Nơi nhận và lưu tờ này', en: 'Received and kept by' },
  office: { vi: 'Cơ quan', en: 'Office' },
  number: { vi: 'Số đến', en: 'Number' },
  date: { vi: 'Ngày', en: 'Date' },
  signature: { vi: 'Ký, ghi rõ họ tên', en: 'Signature and name' },
  limits: {
    vi: 'Tờ này không chứng minh rằng một kết quả đo là đúng lúc nó được ký; nó làm cho việc sửa đổi về sau bị phát hiện.',
    en: 'This sheet does not prove that a measurement was true when it was signed; it makes later changes detectable.',
  },
  demo: { vi: 'DEMO · số liệu mô phỏng', en: 'DEMO · simulated data' },
} as const satisfies Record<string, { readonly vi: string; readonly en: string }>;
