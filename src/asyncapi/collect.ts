import type { AnyContract } from "../contract/define_topic.ts";
import type { TopicPattern } from "../contract/pattern.ts";
import type { TopicNames } from "../contract/topic_names.ts";

/** What a module has about topics. */
export interface Collected {
  /** Each contract once. */
  readonly contracts: readonly AnyContract[];
  /** The patterns of its apps' topics that have no contract. */
  readonly untyped: readonly string[];
}

interface Topic {
  readonly pattern: TopicNames;
  readonly definition: AnyContract["definition"] | null;
}

/**
 * Finds the contracts in a module's exports: those that are exported, and those of the apps that are (`app.contracts`),
 * under whatever name. Known by their form: the module may have another copy of this package.
 */
export function collect(exports: Readonly<Record<string, unknown>>): Collected {
  const contracts = new Set<AnyContract>();
  const untyped = new Set<string>();
  for (const topic of Object.values(exports).flatMap(topicsIn)) {
    if (hasContract(topic)) contracts.add(topic);
    else untyped.add(topic.pattern.source);
  }
  return { contracts: [...contracts], untyped: [...untyped] };
}

function topicsIn(value: unknown): readonly Topic[] {
  if (isTopic(value)) return [value];
  const held = typeof value === "object" && value !== null
    ? (value as { readonly contracts?: unknown }).contracts
    : undefined;
  return Array.isArray(held) ? held.filter(isTopic) : [];
}

function isTopic(value: unknown): value is Topic {
  if (typeof value !== "object" || value === null) return false;
  const { pattern, definition } = value as {
    readonly pattern?: Partial<TopicPattern> | null;
    readonly definition?: unknown;
  };
  return typeof pattern === "object" && pattern !== null && typeof pattern.source === "string" &&
    (Array.isArray(pattern.segments) || typeof pattern.fill === "function") && typeof definition === "object";
}

function hasContract(topic: Topic): topic is AnyContract {
  return topic.definition !== null;
}
