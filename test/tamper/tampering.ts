/** What a row of the table of tamperings says. */
import type { FindingCode } from '../../shared/evidence/verify/codes.ts';
import { type Parts, resign, takeApart } from '../support/tamper.ts';
import { type ForgerKeys, reprove, withOwnFigures, writeWorld } from './forger.ts';
import type { Office } from './office.ts';
import { readWorld, type World } from './world.ts';

/** What an auditor holds beside the bundle. */
export const AUDITORS = ['nothing', 'keys', 'printed', 'stamp', 'witness'] as const;
export type Auditor = (typeof AUDITORS)[number];

/** Keys in the hand of whoever tampers; `own`: ones that nobody else knows. */
export const KEYS = ['agent', 'log', 'document', 'own'] as const;
export type KeyName = (typeof KEYS)[number];

export type Named = FindingCode | 'unseen';

export interface Tampering {
  /** What is done, for a reader of the table. */
  readonly what: string;
  readonly keys: readonly KeyName[];
  /** Which bundle is tampered with. */
  readonly bundle?: 'hours' | 'masked' | 'days' | 'carried' | 'lost';
  readonly make: (scene: Scene) => Promise<Tampered> | Tampered;
  /** What names it, for every auditor or for each. */
  readonly named: Named | Readonly<Record<Auditor, Named>>;
}

export type Tampered = Uint8Array | { readonly bytes: Uint8Array; readonly office: Office };

/** What a tampering works on; nothing of it is shared with the next one. */
export interface Scene {
  readonly office: Office;
  readonly bundle: Uint8Array;
  parts(): Promise<Parts>;
  /** Files changed, everything signed again that the document key signs. */
  signed(change: (parts: Parts) => void): Promise<Uint8Array>;
  /** The same, and figures that fit it. */
  figured(change: (parts: Parts) => void, world?: (world: World) => void): Promise<Uint8Array>;
  /** Logs rewritten with log key and document key; `agent`: with the agent's key, too. */
  forged(change: (world: World) => void, agent?: boolean): Promise<Uint8Array>;
}

export function createScene(office: Office, bundle: Uint8Array): Scene {
  const { log, document, agent } = office.keys;
  const keys = (withAgent: boolean): ForgerKeys => ({
    ...{ log, document },
    agent: withAgent ? agent : null,
  });
  const parts = () => takeApart(bundle);
  return {
    ...{ office, bundle, parts },
    async signed(change) {
      const found = await parts();
      change(found);
      reprove(found, await parts());
      return resign(found, document);
    },
    async figured(change, adjust = () => {}) {
      const found = await parts();
      change(found);
      reprove(found, await parts());
      const world = await readWorld(bundle);
      adjust(world);
      return await withOwnFigures(found, document, world);
    },
    async forged(change, withAgent = false) {
      const world = await readWorld(bundle);
      change(world);
      return await writeWorld(world, keys(withAgent));
    },
  };
}

/** For auditors who hold nothing, their own copy of the keys, a printed head, or an anchor. */
export function each(
  nothing: Named,
  keys: Named,
  printed: Named,
  stamp: Named,
  witness: Named,
): Readonly<Record<Auditor, Named>> {
  return { nothing, keys, printed, stamp, witness };
}
