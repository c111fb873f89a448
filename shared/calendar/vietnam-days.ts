/**
 * Public holidays and swapped working days of Vietnam's public offices, 2025–2027. Rows are data
 * with their source; whoever doubts one replaces it in the site's own calendar. Breaks that a
 * decision announces hold their weekends too, for counters that work on Saturdays. A decision may
 * still add a swap; such a row comes with the next version of the site's calendar.
 */
import { dateOf, dayNumber } from './dates.ts';
import type { CalendarDay, Name, Weekday } from './types.ts';

/** Rows were checked this day against published reports of the documents, not their originals. */
const CHECKED_ON = '2026-11-23';

const CODE_112 = 'Bộ luật Lao động số 45/2019/QH14 ngày 20/11/2019, Điều 112';
const CODE_111_3 = `${CODE_112}; nghỉ bù theo Điều 111 khoản 3`;
const DECISION_2025 =
  'Văn bản số 8726/VPCP-KGVX ngày 26/11/2024 của Văn phòng Chính phủ; ' +
  'Thông báo số 6150/TB-BLĐTBXH ngày 03/12/2024 của Bộ Lao động – Thương binh và Xã hội';
const DECISION_NEW_YEAR_2026 = 'Văn bản số 12729/VPCP-KGVX ngày 25/12/2025 của Văn phòng Chính phủ';
const DECISION_2026 =
  'Văn bản số 9859/VPCP-KGVX ngày 13/10/2025 của Văn phòng Chính phủ; ' +
  'Thông báo số 9441/TB-BNV ngày 16/10/2025 của Bộ Nội vụ';
const DECISION_2027 = 'Văn bản số 10065/VPCP-KGVX ngày 02/10/2026 của Văn phòng Chính phủ';
const CULTURE_LAW =
  'Nghị quyết số 28/2026/QH16 ngày 24/4/2026 của Quốc hội (hiệu lực từ 01/7/2026)';

const NEW_YEAR: Name = { vi: 'Tết Dương lịch', en: 'New Year’s Day' };
const TET: Name = { vi: 'Tết Nguyên đán', en: 'Lunar New Year (Tết)' };
const HUNG_KINGS: Name = { vi: 'Giỗ Tổ Hùng Vương', en: 'Hùng Kings’ Commemoration Day' };
const VICTORY: Name = { vi: 'Ngày Chiến thắng', en: 'Reunification Day' };
const LABOUR: Name = { vi: 'Ngày Quốc tế lao động', en: 'International Labour Day' };
const NATIONAL: Name = { vi: 'Quốc khánh', en: 'National Day' };
const CULTURE: Name = { vi: 'Ngày Văn hóa Việt Nam', en: 'Vietnam Culture Day' };

const CULTURE_2026_NOTE: Name = {
  vi: 'Nghỉ 1 ngày; đề xuất nghỉ 23/11 và làm bù 28/11/2026 không được chọn',
  en: 'One day only; the proposal to swap 23 for 28 November 2026 was not taken',
};

/** All dates from the first to the last, both included, without work. */
function off(
  first: string,
  last: string,
  name: Name,
  source: string,
  note: Name | null = null,
): CalendarDay[] {
  const from = dayNumber(first) ?? 0;
  const length = (dayNumber(last) ?? 0) - from + 1;
  return Array.from({ length }, (_, index) => ({
    kind: 'holiday',
    date: dateOf(from + index),
    name,
    source,
    checked_on: CHECKED_ON,
    uncertain: false,
    note,
  }));
}

/** A Saturday worked in place of the weekday that was given free. */
function swapped(
  date: string,
  works_like: Weekday,
  free: { vi: string; en: string },
  source: string,
): CalendarDay {
  return {
    kind: 'working',
    date,
    works_like,
    spans: null,
    name: { vi: `Làm bù cho ngày ${free.vi}`, en: `Worked in place of ${free.en}` },
    source,
    checked_on: CHECKED_ON,
    uncertain: false,
    note: null,
  };
}

function free(of: Name): Name {
  return { vi: `Nghỉ hoán đổi dịp ${of.vi}`, en: `Day off by swap, ${of.en}` };
}

function inLieu(of: Name): Name {
  return { vi: `Nghỉ bù ${of.vi}`, en: `${of.en}, day off in lieu` };
}

function weekend(of: Name): Name {
  return { vi: `Nghỉ hằng tuần dịp ${of.vi}`, en: `Weekend, ${of.en}` };
}

const DAYS_2025: readonly CalendarDay[] = [
  ...off('2025-01-01', '2025-01-01', NEW_YEAR, CODE_112),
  ...off('2025-01-25', '2025-01-26', weekend(TET), DECISION_2025),
  ...off('2025-01-27', '2025-01-31', TET, DECISION_2025),
  ...off('2025-02-01', '2025-02-02', weekend(TET), DECISION_2025),
  ...off('2025-04-07', '2025-04-07', HUNG_KINGS, CODE_112),
  swapped('2025-04-26', 'fri', { vi: '02/5/2025', en: '2 May 2025' }, DECISION_2025),
  ...off('2025-04-30', '2025-04-30', VICTORY, CODE_112),
  ...off('2025-05-01', '2025-05-01', LABOUR, CODE_112),
  ...off('2025-05-02', '2025-05-02', free(LABOUR), DECISION_2025),
  ...off('2025-05-03', '2025-05-04', weekend(LABOUR), DECISION_2025),
  ...off('2025-08-30', '2025-08-31', weekend(NATIONAL), DECISION_2025),
  ...off('2025-09-01', '2025-09-02', NATIONAL, DECISION_2025),
];

const DAYS_2026: readonly CalendarDay[] = [
  ...off('2026-01-01', '2026-01-01', NEW_YEAR, CODE_112),
  ...off('2026-01-02', '2026-01-02', free(NEW_YEAR), DECISION_NEW_YEAR_2026),
  ...off('2026-01-03', '2026-01-04', weekend(NEW_YEAR), DECISION_NEW_YEAR_2026),
  swapped('2026-01-10', 'fri', { vi: '02/01/2026', en: '2 January 2026' }, DECISION_NEW_YEAR_2026),
  ...off('2026-02-14', '2026-02-15', weekend(TET), DECISION_2026),
  ...off('2026-02-16', '2026-02-20', TET, DECISION_2026),
  ...off('2026-02-21', '2026-02-22', weekend(TET), DECISION_2026),
  ...off('2026-04-26', '2026-04-26', HUNG_KINGS, CODE_112),
  ...off('2026-04-27', '2026-04-27', inLieu(HUNG_KINGS), CODE_111_3),
  ...off('2026-04-30', '2026-04-30', VICTORY, CODE_112),
  ...off('2026-05-01', '2026-05-01', LABOUR, CODE_112),
  swapped('2026-08-22', 'mon', { vi: '31/8/2026', en: '31 August 2026' }, DECISION_2026),
  ...off('2026-08-29', '2026-08-30', weekend(NATIONAL), DECISION_2026),
  ...off('2026-08-31', '2026-08-31', free(NATIONAL), DECISION_2026),
  ...off('2026-09-01', '2026-09-02', NATIONAL, DECISION_2026),
  ...off(
    '2026-11-24',
    '2026-11-24',
    CULTURE,
    `${CULTURE_LAW}; ${DECISION_2027}`,
    CULTURE_2026_NOTE,
  ),
];

const DAYS_2027: readonly CalendarDay[] = [
  ...off('2027-01-01', '2027-01-01', NEW_YEAR, CODE_112),
  ...off('2027-02-04', '2027-02-08', TET, DECISION_2027),
  ...off('2027-02-09', '2027-02-10', inLieu(TET), DECISION_2027),
  ...off('2027-04-16', '2027-04-16', HUNG_KINGS, CODE_112),
  ...off('2027-04-30', '2027-04-30', VICTORY, CODE_112),
  ...off('2027-05-01', '2027-05-01', LABOUR, CODE_112),
  ...off('2027-05-03', '2027-05-03', inLieu(LABOUR), CODE_111_3),
  ...off('2027-09-02', '2027-09-03', NATIONAL, DECISION_2027),
  ...off('2027-09-04', '2027-09-05', weekend(NATIONAL), DECISION_2027),
  ...off('2027-11-24', '2027-11-24', CULTURE, CULTURE_LAW),
];

/** Ascending by date. Days of other years follow the plain week until their rows are added. */
export const VIETNAM_DAYS: readonly CalendarDay[] = [...DAYS_2025, ...DAYS_2026, ...DAYS_2027];
