/**
 * Time as [from_ms, to_ms) in UTC ms. A list of spans is disjoint and ascending and holds no empty
 * span; every function here takes and gives such lists, except union, which makes one.
 */
export interface Span {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Time that lies in both lists. Linear in their lengths. */
export function intersect(a: readonly Span[], b: readonly Span[]): Span[] {
  const out: Span[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return out;
    const from_ms = Math.max(left.from_ms, right.from_ms);
    const to_ms = Math.min(left.to_ms, right.to_ms);
    if (from_ms < to_ms) out.push({ from_ms, to_ms });
    if (left.to_ms <= right.to_ms) i += 1;
    else j += 1;
  }
}

/** Any spans, in any order, overlapping or empty: the same time as a list; touching ones join. */
export function union(spans: readonly Span[]): Span[] {
  const sorted = spans
    .filter((span) => span.from_ms < span.to_ms)
    .sort((x, y) => x.from_ms - y.from_ms);
  const out: Span[] = [];
  let open: Span | null = null;
  for (const span of sorted) {
    if (open !== null && span.from_ms <= open.to_ms) {
      if (span.to_ms > open.to_ms) open = { from_ms: open.from_ms, to_ms: span.to_ms };
      continue;
    }
    if (open !== null) out.push(open);
    open = { from_ms: span.from_ms, to_ms: span.to_ms };
  }
  if (open !== null) out.push(open);
  return out;
}

/** Time of `a` that lies in no span of `b`. Linear in their lengths. */
export function subtract(a: readonly Span[], b: readonly Span[]): Span[] {
  const out: Span[] = [];
  let j = 0;
  for (const span of a) {
    let from_ms = span.from_ms;
    for (let cut = b[j]; cut !== undefined && cut.from_ms < span.to_ms; cut = b[j]) {
      if (cut.from_ms > from_ms) out.push({ from_ms, to_ms: cut.from_ms });
      if (cut.to_ms > from_ms) from_ms = cut.to_ms;
      // A cut that reaches beyond this span may also touch the next one.
      if (cut.to_ms > span.to_ms) break;
      j += 1;
    }
    if (from_ms < span.to_ms) out.push({ from_ms, to_ms: span.to_ms });
  }
  return out;
}

export function total_ms(spans: readonly Span[]): number {
  let sum_ms = 0;
  for (const span of spans) sum_ms += span.to_ms - span.from_ms;
  return sum_ms;
}

/** Time of the list that lies in [from_ms, to_ms). */
export function clip(spans: readonly Span[], from_ms: number, to_ms: number): Span[] {
  return from_ms < to_ms ? intersect(spans, [{ from_ms, to_ms }]) : [];
}
