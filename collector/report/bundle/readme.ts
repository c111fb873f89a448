/** The two short texts inside a bundle: what it is, and what to do with it. */
import type { BundleManifest } from '../../../shared/evidence/bundle/types.ts';

/** Plain text, lines of at most 78 characters. */
export function readmeEn(manifest: BundleManifest): string {
  const { site, masked } = manifest;
  return `${[
    `LanProof bundle of the site ${site}`,
    `from ${utc(manifest.from_ms)} to ${utc(manifest.to_ms)}${masked ? ', masked' : ''}.`,
    '',
    'This file holds everything that the figures of this site and period are made',
    'of: what was measured, signed when it was measured, and every document that',
    'changes a figure. Changes to any of it are detectable.',
    '',
    'To check it',
    '1. Get the verifier from a place that you trust: verify.html in this file is',
    '   a copy for convenience, and a forger would put a forged one here.',
    '2. Open verify.html in a browser (it needs no network) and choose this zip',
    '   file, or run:  lanproof verify FILE.zip',
    '3. Compare the keys in policy.txt with those that you got another way (the',
    '   minutes of the installation, a letter, a web site): inside this file they',
    '   prove nothing.',
    '4. Compare the hash of this zip file with the one printed on the report.',
    '',
    ...(masked
      ? [
          'In a masked bundle the results of computers, addresses and notes are left',
          'out. figures.json names what cannot be recomputed because of that.',
          '',
        ]
      : []),
    'What is not proved: that a measurement was true at the moment when it was',
    'signed. docs/auditor.md of the program says more.',
  ].join('\n')}\n`;
}

/** The same in Vietnamese. */
export function readmeVi(manifest: BundleManifest): string {
  const { site, masked } = manifest;
  return `${[
    `Gói số liệu LanProof của điểm ${site}`,
    `từ ${utc(manifest.from_ms)} đến ${utc(manifest.to_ms)}${masked ? ', bản che' : ''}.`,
    '',
    'Tệp này chứa toàn bộ căn cứ của số liệu trong kỳ: kết quả đo, được ký ngay khi',
    'đo, và mọi văn bản làm thay đổi số liệu. Mọi sửa đổi đều bị phát hiện.',
    '',
    'Cách kiểm tra',
    '1. Lấy công cụ kiểm tra từ nơi tin cậy: verify.html trong tệp này chỉ là bản',
    '   tiện dùng, kẻ làm giả có thể đặt vào đây một bản giả.',
    '2. Mở verify.html bằng trình duyệt (không cần mạng) rồi chọn tệp zip này,',
    '   hoặc chạy:  lanproof verify TỆP.zip',
    '3. Đối chiếu các khóa trong policy.txt với khóa nhận được bằng đường khác',
    '   (biên bản lắp đặt, công văn, trang thông tin): nằm trong tệp này thì chúng',
    '   chưa chứng minh được gì.',
    '4. Đối chiếu mã băm của tệp zip này với mã in trên báo cáo.',
    '',
    ...(masked
      ? [
          'Trong bản che, kết quả của máy tính, địa chỉ và ghi chú được lược bỏ.',
          'figures.json nêu rõ những gì vì thế không tính lại được.',
          '',
        ]
      : []),
    'Điều không được chứng minh: phép đo đúng vào lúc nó được ký. Xem thêm',
    'docs/auditor.md của chương trình.',
  ].join('\n')}\n`;
}

function utc(at_ms: number): string {
  return `${new Date(at_ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
