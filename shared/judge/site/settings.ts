/**
 * Thresholds of the site judge (accounting §2–§4), durations in ms. They are ledgered settings:
 * a lab may scale all of them together.
 */
export interface SiteSettings {
  /** Consecutive lost slots that make an outage. */
  readonly down_slots: number;
  /** Facts still arrive this long after an incident's end. */
  readonly settle_ms: number;
  /** Endpoint silence is provisional so long; what keeps it from being off must show by then. */
  readonly off_provisional_ms: number;
  /** An endpoint is unreachable only if it answered this long before its parent fell. */
  readonly answered_before_ms: number;
  /** Failures that begin this close together, or within two slots of the slower, are one event. */
  readonly together_ms: number;
  /** A fact this close to a start speaks for it; also the spread of restarts in a power cut. */
  readonly near_ms: number;
  /** What comes back this long after its root (a boot) belongs to the root's incident. */
  readonly recover_ms: number;
  readonly flap_count: number;
  readonly flap_window_ms: number;
  /** Lossy outages and degraded periods of one device this close are one incident. */
  readonly lossy_join_ms: number;
  /** Share of lost slots around an outage that makes it lossy. */
  readonly lossy_share: number;
  readonly degraded_window_min: number;
  readonly degraded_loss_share: number;
  readonly degraded_lost_min: number;
  /** Devices that are probed more rarely are never degraded. */
  readonly degraded_interval_max_ms: number;
  /** Share of known time in which a gateway or a reference must have answered to answer. */
  readonly answer_share: number;
}

export const DEFAULT_SETTINGS: SiteSettings = {
  down_slots: 3,
  settle_ms: 15 * 60_000,
  off_provisional_ms: 5 * 60_000,
  answered_before_ms: 10 * 60_000,
  together_ms: 60_000,
  near_ms: 2 * 60_000,
  recover_ms: 5 * 60_000,
  flap_count: 3,
  flap_window_ms: 10 * 60_000,
  lossy_join_ms: 15 * 60_000,
  lossy_share: 0.1,
  degraded_window_min: 5,
  degraded_loss_share: 0.02,
  degraded_lost_min: 6,
  degraded_interval_max_ms: 10_000,
  answer_share: 0.9,
};
