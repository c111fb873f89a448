import type { DemoSite } from '../sites.ts';
import type { Story } from './script.ts';
import { type Timed, timedPhase, type Window } from './windows.ts';

/** One thing that the script will do. */
export interface Told {
  /** UTC epoch ms; `for_ms` its length. */
  readonly at_ms: number;
  readonly for_ms: number;
  readonly vi: string;
  readonly en: string;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** Longer ones are habits of the office, not events to wait for. */
const EVENT_MS_MAX = 60 * MINUTE_MS;

/** What begins in [from_ms, to_ms), by time. */
export function upcoming(
  story: Story,
  sites: readonly DemoSite[],
  from_ms: number,
  to_ms: number,
): readonly Told[] {
  const told: Told[] = [];
  const add = <W extends Window & { readonly site: string }>(
    items: readonly Timed<W>[],
    say: (place: string, window: W) => readonly [vi: string, en: string],
  ) => {
    for (const item of items) {
      const { window } = item;
      const site = sites.find(({ code }) => code === window.site);
      if (site === undefined || window.for_ms > EVENT_MS_MAX) continue;
      for (const at_ms of begins(item, from_ms, to_ms)) {
        const [vi, en] = say(shortName(site), window);
        told.push({ at_ms, for_ms: window.for_ms, vi, en });
      }
    }
  };
  add(story.faults, (place, { device, flap_ms }) =>
    flap_ms === undefined
      ? [`${place}: ${device} mất kết nối`, `${device} falls silent`]
      : [`${place}: ${device} chập chờn`, `${device} flaps`],
  );
  add(story.mains, (place) => [
    `${place}: mất điện, máy đo chạy UPS; switch khởi động lại`,
    'mains away, agent on its UPS; switches restart',
  ]);
  add(story.wan, (place) => [
    `${place}: đứt WAN; vẫn đo, số liệu về sau`,
    'WAN cut; measured on, back-filled after it',
  ]);
  add(story.cord, (place) => [`${place}: dây của máy đo tuột`, "the agent's own cord is out"]);
  add(story.damaged, (place, { device }) => [
    `${place}: cổng của ${device} nhận khung lỗi (CRC)`,
    `damaged frames (CRC) on the port of ${device}`,
  ]);
  add(story.leases, (place, { device }) => [
    `${place}: ${device} nhận địa chỉ IP khác (DHCP), máy đo tự tìm lại`,
    `${device} gets another address by DHCP; the agent finds it`,
  ]);
  return told.sort((a, b) => a.at_ms - b.at_ms);
}

/** The list for a terminal; `clock` writes a time of day as the person there reads it. */
export function tellStory(
  story: Story,
  sites: readonly DemoSite[],
  from_ms: number,
  for_ms: number,
  clock: (at_ms: number) => string,
): string {
  const lines = upcoming(story, sites, from_ms, from_ms + for_ms).map(({ at_ms, ...told }) => {
    const length = `${Math.round(told.for_ms / SECOND_MS)} s`.padStart(5);
    return `    ${clock(at_ms)}  ${length}  ${told.vi}\n${' '.repeat(21)}${told.en}`;
  });
  const minutes = Math.round(for_ms / MINUTE_MS);
  const always = story.half_duplex.map(
    ({ device }) =>
      `    Luôn luôn   ${device}: cổng switch bán song công (half duplex)\n` +
      `    Always      ${device}: its switch port negotiated half duplex`,
  );
  const title = `  Kịch bản ${minutes} phút tới · script of the next ${minutes} minutes`;
  return [title, ...lines, ...always].join('\n');
}

function* begins(item: Timed, from_ms: number, to_ms: number): Generator<number> {
  const plain = { ...item, window: withoutFlaps(item.window) };
  let at_ms = from_ms;
  let was = timedPhase(plain, from_ms - 1).on;
  while (at_ms < to_ms) {
    const { on, until_ms } = timedPhase(plain, at_ms);
    if (on && !was) yield at_ms;
    was = on;
    at_ms = until_ms;
  }
}

function withoutFlaps({ every_ms, at_ms, for_ms }: Window): Window {
  return { every_ms, at_ms, for_ms };
}

/** "UBND xã Đồng Phú" → "Đồng Phú". */
function shortName(site: DemoSite): string {
  return site.unit.name.replace(/^UBND xã /, '');
}
