import type { SiteAgent, SiteNode, TopologyVersion } from './material.ts';

/** Agents and devices may bear the same code: in the graph agents have names of their own. */
const agentKey = (code: string) => `agent:${code}`;

/** The plan as one agent sees it. Links are undirected; what it cannot reach has no position. */
interface View {
  /** Dominators of each node, nearest to the agent first, itself last. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/** One version of the site's plan. */
export class Plan {
  readonly nodes: ReadonlyMap<string, SiteNode>;
  readonly agents: ReadonlyMap<string, SiteAgent>;
  readonly #edges = new Map<string, Set<string>>();
  readonly #views = new Map<string, View>();
  readonly #children = new Map<string, string[]>();
  readonly #behind = new Map<string, readonly string[]>();

  constructor(version: TopologyVersion) {
    const nodes = [...version.nodes].sort((a, b) => (a.code < b.code ? -1 : 1));
    this.nodes = new Map(nodes.map((node) => [node.code, node]));
    this.agents = new Map(version.agents.map((agent) => [agent.code, agent]));
    const gateways = nodes.filter((node) => node.kind === 'gateway');
    for (const node of nodes) {
      if (node.attached !== null) {
        this.#link(node.code, node.attached.device);
        const siblings = this.#children.get(node.attached.device) ?? [];
        siblings.push(node.code);
        this.#children.set(node.attached.device, siblings);
      } else if (node.kind === 'upstream') {
        // What lies outside is reached through a gateway, wherever it may be attached there.
        for (const gateway of gateways) this.#link(node.code, gateway.code);
      }
    }
    for (const [a, b] of version.links) this.#link(a, b);
    for (const agent of version.agents) {
      if (agent.attached !== null) this.#link(agentKey(agent.code), agent.attached.device);
    }
  }

  /**
   * The nodes on every path from the owning agent to a device, nearest to the agent first, without
   * the device itself. Null: its position is unknown.
   */
  above(device: string): readonly string[] | null {
    const node = this.nodes.get(device);
    if (node === undefined) return null;
    const chain = this.#view(node.agent).chains.get(device);
    return chain === undefined ? null : chain.slice(0, -1);
  }

  /** Devices that the owning agents reach only through `device`. */
  behind(device: string): readonly string[] {
    const known = this.#behind.get(device);
    if (known !== undefined) return known;
    const all = [...this.nodes.keys()];
    const behind = all.filter((code) => this.above(code)?.includes(device) === true);
    this.#behind.set(device, behind);
    return behind;
  }

  /** Devices plugged into the same device, and that device. */
  branchOf(device: string): string[] {
    const parent = this.nodes.get(device)?.attached?.device;
    if (parent === undefined) return [];
    const around = [parent, ...this.childrenOf(parent), ...this.childrenOf(device)];
    return around.filter((code) => code !== device);
  }

  childrenOf(device: string): readonly string[] {
    return this.#children.get(device) ?? [];
  }

  /** What is plugged into a port; null: nothing that is known. */
  ownerOf(device: string, port: string | null): string | null {
    if (port === null) return null;
    const found = this.childrenOf(device).filter(
      (code) => this.nodes.get(code)?.attached?.port === port,
    );
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  #link(a: string, b: string): void {
    if (a === b) return;
    this.#edges.set(a, (this.#edges.get(a) ?? new Set()).add(b));
    this.#edges.set(b, (this.#edges.get(b) ?? new Set()).add(a));
  }

  #view(agent: string): View {
    const known = this.#views.get(agent);
    if (known !== undefined) return known;
    const view = { chains: chainsFrom(agentKey(agent), this.#edges) };
    this.#views.set(agent, view);
    return view;
  }
}

/** Plans by time. */
export class Plans {
  readonly #plans: readonly { readonly from_ms: number; readonly plan: Plan }[];

  constructor(versions: readonly TopologyVersion[]) {
    this.#plans = [...versions]
      .sort((a, b) => a.from_ms - b.from_ms)
      .map((version) => ({ from_ms: version.from_ms, plan: new Plan(version) }));
  }

  /** The plan in force; before the earliest, that one. */
  at(at_ms: number): Plan | null {
    const held = this.#plans.findLast(({ from_ms }) => from_ms <= at_ms) ?? this.#plans[0];
    return held?.plan ?? null;
  }
}

/**
 * Dominator chains from `root` (Cooper, Harvey, Kennedy 2001): the nodes that every path from the
 * root passes. In a tree that is the path itself; rings leave out what can be gone around.
 */
function chainsFrom(
  root: string,
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, string[]> {
  const order = postOrder(root, edges);
  const rank = new Map(order.map((code, index) => [code, index]));
  const dominator = new Map<string, string>([[root, root]]);
  const meet = (one: string, other: string): string => {
    let [a, b] = [one, other];
    while (a !== b) {
      if ((rank.get(a) ?? 0) < (rank.get(b) ?? 0)) a = dominator.get(a) ?? root;
      else b = dominator.get(b) ?? root;
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const code of order.toReversed()) {
      if (code === root) continue;
      let best: string | null = null;
      for (const next of edges.get(code) ?? []) {
        if (dominator.has(next)) best = best === null ? next : meet(best, next);
      }
      if (best === null || dominator.get(code) === best) continue;
      dominator.set(code, best);
      changed = true;
    }
  }
  const chains = new Map<string, string[]>();
  for (const code of order.toReversed()) {
    if (code === root) continue;
    chains.set(code, [...(chains.get(dominator.get(code) ?? root) ?? []), code]);
  }
  return chains;
}

/** Depth first, without recursion: a plan may be a long chain. */
function postOrder(root: string, edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const out: string[] = [];
  const seen = new Set([root]);
  const stack = [{ code: root, rest: [...(edges.get(root) ?? [])].sort() }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.rest.pop();
    if (next === undefined) {
      out.push(top.code);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ code: next, rest: [...(edges.get(next) ?? [])].sort() });
    }
  }
  return out;
}
