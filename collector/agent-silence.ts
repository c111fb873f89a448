/**
 * An agent that was not heard of for this long is silent: three batches are missing, a retry
 * after one lost packet is not (accounting §1: as_of reaches back as far).
 */
export const AGENT_SILENT_MS = 3 * 60_000;
