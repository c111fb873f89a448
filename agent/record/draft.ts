import type { AgentEvent, IdentitySection, ResultSection } from '../../shared/measure/batch.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';

/** The target list in force, as far as a batch needs it. */
export interface ListInForce {
  readonly version: number;
  /** Base64 hash of the signed list, for the header. */
  readonly hash: string;
  readonly targets: readonly PublicTarget[];
}

/** What a batch will hold; the sealer adds the header. */
export interface Draft {
  readonly list: ListInForce;
  readonly closed_to_ms: number;
  readonly infra: ResultSection | undefined;
  readonly endpoints: ResultSection | undefined;
  readonly identity: IdentitySection | undefined;
  readonly events: readonly AgentEvent[];
}
