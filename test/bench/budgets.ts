/** The budgets, and which figure of which bench stands against each. */
export interface Budget {
  /** File name in this folder, without `.bench.ts`. */
  readonly bench: string;
  readonly figure: string;
  readonly what: string;
  readonly unit: string;
  /** The figure must be at most this, or at least `min`. Neither: printed beside, no verdict. */
  readonly max?: number;
  readonly min?: number;
}

export const BUDGETS: readonly Budget[] = [
  {
    bench: 'icmp-fping',
    figure: 'ratio_to_bare',
    what: 'agent: 500 addresses × 1 ICMP/s, CPU against bare fping',
    unit: '×',
    max: 1.6,
  },
  {
    bench: 'snmp',
    figure: 'cpu_ms_median',
    what: 'agent: SNMP poll of 28 ports × 12 columns, CPU',
    unit: 'ms',
    max: 1.0,
  },
  {
    bench: 'snmp',
    figure: 'ratio_to_exporter',
    what: 'agent: that poll against a scrape by snmp_exporter, CPU',
    unit: '×',
    max: 0.35,
  },
  {
    bench: 'agent-steady',
    figure: 'rss_mb',
    what: 'agent: 60 devices + 5 switches, steady: memory',
    unit: 'MB',
    max: 80,
  },
  {
    bench: 'agent-steady',
    figure: 'anonymous_mb',
    what: 'agent, steady: of that anonymous',
    unit: 'MB',
    max: 35,
  },
  {
    bench: 'agent-steady',
    figure: 'core_percent',
    what: 'agent, steady: CPU, fping included',
    unit: '% of a core',
    max: 1.5,
  },
  {
    bench: 'uplink',
    figure: 'body_mb_per_day',
    what: 'uplink of a site (60 devices, 5 switches): bodies',
    unit: 'MB a day',
    max: 3,
  },
  {
    bench: 'uplink',
    figure: 'with_http_mb_per_day',
    what: 'uplink of that site with HTTP headers and answers',
    unit: 'MB a day',
    max: 4,
  },
  {
    bench: 'uplink',
    figure: 'evidence_disk_mb_per_day',
    what: 'disk, evidence of that site, all in',
    unit: 'MB a day',
    max: 4,
  },
  {
    bench: 'ingest',
    figure: 'cpu_us_per_batch',
    what: 'collector ingest: verify, append, fsync, judge, CPU a batch',
    unit: 'µs',
    max: 750,
  },
  {
    bench: 'ingest',
    figure: 'judge_share_percent',
    what: 'collector ingest: judging on top of the rest',
    unit: '%',
    max: 40,
  },
  {
    bench: 'ingest',
    figure: 'batches_per_s',
    what: 'collector ingest: wall clock',
    unit: 'batches/s',
    min: 1_000,
  },
  { bench: 'ingest', figure: 'lost', what: 'collector ingest: lost', unit: 'batches', max: 0 },
  {
    bench: 'fleet',
    figure: 'core_percent',
    what: '3,321 sites × 60 s (55 batches/s): collector CPU',
    unit: '% of a core',
    max: 12,
  },
  { bench: 'fleet', figure: 'rss_mb', what: '3,321 sites: memory', unit: 'MB', max: 400 },
  { bench: 'fleet', figure: 'p99_ms', what: '3,321 sites: answer, p99', unit: 'ms', max: 100 },
  {
    bench: 'backlog',
    figure: 'live_p99_ms',
    what: 'backlog of 100 sites drains: live answers meanwhile, p99',
    unit: 'ms',
    max: 200,
  },
  {
    bench: 'backlog',
    figure: 'backlog_batches_per_s',
    what: 'backlog of 100 sites drains: speed',
    unit: 'batches/s',
  },
  {
    bench: 'start',
    figure: 'ready_ms',
    what: 'start: collector ready, 30 days of 30 sites in the store',
    unit: 'ms',
    max: 1_500,
  },
  {
    bench: 'reads',
    figure: 'unit_month_ms',
    what: 'figures: a month of 126 sites × 60 devices, CPU',
    unit: 'ms',
    max: 150,
  },
  {
    bench: 'reads',
    figure: 'device_day_ms',
    what: 'figures: one day of one device among 60, CPU',
    unit: 'ms',
    max: 5,
  },
  {
    bench: 'reads',
    figure: 'device_month_ms',
    what: 'figures: 30 days of one device among 60, CPU',
    unit: 'ms',
    max: 30,
  },
  {
    bench: 'history',
    figure: 'bytes_per_value',
    what: 'disk, history for charts',
    unit: 'bytes a value',
    max: 0.7,
  },
  {
    bench: 'history',
    figure: 'device_day_ms',
    what: 'read: one device-day, CPU',
    unit: 'ms',
    max: 5,
  },
  {
    bench: 'history',
    figure: 'device_30_days_ms',
    what: 'read: 30 days of one device, CPU',
    unit: 'ms',
    max: 30,
  },
  {
    bench: 'rebuild',
    figure: 'rebuild_s',
    what: 'rebuild one site-month (60 devices, 5 switches)',
    unit: 's CPU',
    max: 20,
  },
  {
    bench: 'rebuild',
    figure: 'differences',
    what: 'rebuild --check after it: exit code',
    unit: '',
    max: 0,
  },
  {
    bench: 'verify',
    figure: 'node_cpu_s',
    what: 'verify 90 days of a site (129,600 batches) in Node',
    unit: 's CPU',
    max: 60,
  },
  {
    bench: 'verify',
    figure: 'node_peak_mb',
    what: 'verify those 90 days in Node: memory',
    unit: 'MB',
    max: 500,
  },
  {
    bench: 'verify',
    figure: 'chromium_cpu_s',
    what: 'verify those 90 days in Chromium',
    unit: 's CPU',
    max: 150,
  },
  { bench: 'npm-ci', figure: 'seconds', what: 'npm ci, no compiler', unit: 's', max: 30 },
];
