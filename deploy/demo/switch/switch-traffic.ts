/**
 * How much a commune office uses its network: mornings and afternoons of working days, little at
 * lunch, almost nothing at night. Shares of the busiest hour, by hour in Asia/Ho_Chi_Minh.
 */
const WORKING_DAY = [
  0.02, 0.02, 0.02, 0.02, 0.02, 0.03, 0.15, 0.8, 1, 1, 1, 0.7, 0.35, 0.8, 1, 1, 0.9, 0.4, 0.12,
  0.08, 0.06, 0.05, 0.03, 0.02,
];
const FREE_DAY_SHARE = 0.04;
const HOUR_MS = 3_600_000;
/** Vietnam has had UTC+7 without summer time since 1975. */
const ZONE_MS = 7 * HOUR_MS;
const DAYS_PER_WEEK = 7;
/** 1970-01-01 was a Thursday; 0 is Sunday. */
const EPOCH_WEEKDAY = 4;

/** A repeatable number in [0, 1) for three integers. */
export function noise(seed: number, a: number, b: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(a + 1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15) ^ Math.imul(b + 1, 0x27d4eb2f), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

function share(seed: number, port: number, hour: number): number {
  const local_hour = hour + ZONE_MS / HOUR_MS;
  const day = Math.floor(local_hour / 24);
  const weekday = (day + EPOCH_WEEKDAY) % DAYS_PER_WEEK;
  const working = weekday >= 1 && weekday <= 5;
  const base = working ? (WORKING_DAY[local_hour - day * 24] ?? 0) : FREE_DAY_SHARE;
  return base * (0.6 + 0.8 * noise(seed, port, hour));
}

/**
 * Load since `from_ms` as a time that never runs backwards: seconds of the busiest hour. A counter
 * is a rate times the difference of two readings, so the model can be asked for any instant.
 */
export function createLoad(seed: number, port: number, from_ms: number): (at_ms: number) => number {
  const first_hour = Math.floor(from_ms / HOUR_MS);
  const before_hour: number[] = [0];
  return (at_ms) => {
    const hour = Math.floor(at_ms / HOUR_MS) - first_hour;
    if (hour < 0) return 0;
    for (let known = before_hour.length; known <= hour; known++) {
      const previous = before_hour[known - 1] ?? 0;
      before_hour.push(previous + share(seed, port, first_hour + known - 1) * 3_600);
    }
    const into_s = (at_ms - (first_hour + hour) * HOUR_MS) / 1_000;
    return (before_hour[hour] ?? 0) + share(seed, port, first_hour + hour) * into_s;
  };
}
