/**
 * Causes of down time, and of unknown time that a later fact explains (accounting §4), strongest
 * first: the first whose proof holds is the cause.
 */
export const CAUSES = [
  'maintenance',
  'power',
  'lan_loop',
  'lan_addressing',
  'lan_switch',
  'lan_link',
  'lan_duplex',
  'gateway',
  'lan_whole',
  'device',
  'wan',
  'dns',
  'upstream_app',
  'agent',
  'undetermined',
] as const;
export type Cause = (typeof CAUSES)[number];

/** `measured`: proved by facts; `inferred`: signs speak for it; `declared`: a person says so. */
export const CONFIDENCES = ['measured', 'inferred', 'declared'] as const;
export type Confidence = (typeof CONFIDENCES)[number];
