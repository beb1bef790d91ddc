/**
 * Names of topics, with holes. A {@link TopicPattern} says which topics a contract covers, and gives the parameters
 * that a topic's name carries.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import { type ParamsOf, TopicNames, unfit } from "./topic_names.ts";

export type { ParamNames, ParamsOf } from "./topic_names.ts";

/** The topic that the wire protocol keeps for itself: heartbeats go there. No pattern matches it. */
export const RESERVED_TOPIC = "phoenix";

/** One part of a pattern between colons. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "rest" };

const PARAM = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;
const RANK = { literal: 0, param: 1, rest: 2 } as const;

/** What a pattern without parameters finds: the same for all, since each joined channel keeps its own. */
const NO_PARAMS: Record<string, string> = Object.freeze(Object.create(null));

/**
 * A pattern of topic names: parts between colons. A part is literal text, or a parameter `{name}`, which holds any
 * text that is not empty and has no colon; the last part may be `*`, which matches any rest, also an empty one and
 * one with colons. So `"room:*"` matches `room:` and `room:1:typing`, but not `room`. The topic `phoenix` belongs to
 * the wire protocol: no pattern matches it.
 *
 * @example
 * ```ts
 * import { TopicPattern } from "@troupe/core/contract";
 * import { assertEquals } from "@std/assert";
 *
 * const typing = new TopicPattern("room:{id}:typing");
 * assertEquals(typing.match("room:7:typing"), { id: "7" });
 * assertEquals(typing.match("room:7"), null);
 * assertEquals(typing.fill({ id: "7" }), "room:7:typing");
 * ```
 */
export class TopicPattern<Pattern extends string = string> extends TopicNames<Pattern> {
  /** Its parts, from left to right. */
  readonly segments: readonly Segment[];
  /** The names of its parameters, from left to right. */
  readonly names: readonly string[];
  /** The pattern without its parameters' names, e.g. `room:{}`. Two patterns of one shape match the same topics. */
  readonly shape: string;
  /** Whether it has neither parameters nor `*`, and so matches one topic alone: the one named like it. */
  readonly isExact: boolean;

  /**
   * Parses a pattern.
   *
   * @throws {TroupeError} `invalid_pattern`, with what is accepted.
   */
  constructor(source: Pattern) {
    if (typeof source !== "string") throw invalid(String(source), "a pattern is a string");
    if (source === RESERVED_TOPIC) throw invalid(source, "the wire protocol keeps this topic for itself");
    super(source);
    const parts = source.split(":");
    this.segments = Object.freeze(parts.map((part, i) => parse(source, part, i === parts.length - 1)));
    this.names = Object.freeze(this.segments.flatMap((part) => part.kind === "param" ? [part.name] : []));
    const twice = this.names.find((name, i) => this.names.indexOf(name) !== i);
    if (twice !== undefined) throw invalid(source, `the parameter {${twice}} occurs twice`);
    this.shape = parts.map((part) => PARAM.test(part) ? "{}" : part).join(":");
    this.isExact = this.segments.every((part) => part.kind === "literal");
    Object.freeze(this);
  }

  /**
   * The parameters in `topic`'s name, or `null` if the pattern does not match it. The record has no prototype. Takes
   * any string and never throws.
   */
  match(topic: string): ParamsOf<Pattern> | null {
    if (topic === RESERVED_TOPIC) return null;
    const params: Record<string, string> = this.names.length === 0 ? NO_PARAMS : Object.create(null);
    let from = 0; // One past the end once the topic has no part left.
    for (const segment of this.segments) {
      if (from > topic.length) return null;
      if (segment.kind === "rest") return params as ParamsOf<Pattern>;
      const end = endOfPart(topic, from);
      if (segment.kind === "literal") {
        if (end - from !== segment.text.length || !topic.startsWith(segment.text, from)) return null;
      } else {
        if (end === from) return null;
        params[segment.name] = topic.slice(from, end);
      }
      from = end + 1;
    }
    return from > topic.length ? params as ParamsOf<Pattern> : null;
  }

  /**
   * The name of the topic that has these parameters: the opposite of {@link TopicPattern.match}. Parameters that the
   * pattern does not have are ignored.
   *
   * @throws {TroupeError} `invalid_params` if a parameter is missing, is not a string, is empty or holds a colon, or
   * if the pattern ends in `*` and so has no single name.
   */
  override fill(params: ParamsOf<Pattern>): string {
    const given: Readonly<Record<string, unknown>> = params;
    const topic = this.segments.map((segment) => {
      if (segment.kind === "literal") return segment.text;
      if (segment.kind === "param") return valueOf(this.source, segment.name, given);
      throw unfit(this.source, "*", "its * stands for any rest; write the topic's name instead");
    }).join(":");
    if (topic !== RESERVED_TOPIC) return topic;
    throw unfit(this.source, this.names[0], `the topic ${RESERVED_TOPIC} belongs to the wire protocol`);
  }
}

/**
 * Orders patterns, the most specific first: read from the left, at the first part that differs, literal text comes
 * before a parameter and a parameter before `*`. Of all patterns that match one topic, the first wins. Patterns that
 * match no topic in common follow each other by text and length, so that the order is the same everywhere; 0 means
 * the same shape.
 */
export function compareSpecificity(a: TopicPattern, b: TopicPattern): number {
  for (let i = 0; i < a.segments.length && i < b.segments.length; i++) {
    const [left, right] = [a.segments[i], b.segments[i]];
    if (left.kind !== right.kind) return RANK[left.kind] - RANK[right.kind];
    if (left.kind === "literal" && right.kind === "literal" && left.text !== right.text) {
      return left.text < right.text ? -1 : 1;
    }
  }
  return b.segments.length - a.segments.length;
}

/** Where the part of `topic` that starts at `from` ends: at the next colon, else at the topic's end. */
export function endOfPart(topic: string, from: number): number {
  const colon = topic.indexOf(":", from);
  return colon < 0 ? topic.length : colon;
}

function parse(source: string, part: string, isLast: boolean): Segment {
  if (part === "*") {
    if (!isLast) throw invalid(source, "* stands at the end alone");
    return Object.freeze({ kind: "rest" });
  }
  if (part === "") throw invalid(source, source === "" ? "it is empty" : "a part between colons is empty");
  const name = PARAM.exec(part)?.[1];
  if (name === "__proto__") throw invalid(source, "{__proto__} would be lost in an object literal");
  if (name !== undefined) return Object.freeze({ kind: "param", name });
  if (/[{}*]/.test(part)) {
    throw invalid(source, `"${part}" mixes text with { } or *, or misnames a parameter`);
  }
  return Object.freeze({ kind: "literal", text: part });
}

function valueOf(source: string, name: string, params: Readonly<Record<string, unknown>>): string {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined) throw unfit(source, name, `the parameter "${name}" is missing`);
  if (typeof value !== "string") {
    throw unfit(source, name, `the parameter "${name}" is of type ${typeof value}, not a string`);
  }
  if (value === "") throw unfit(source, name, `the parameter "${name}" is empty`);
  if (value.includes(":")) throw unfit(source, name, `the parameter "${name}" holds a colon: "${value}"`);
  return value;
}

function invalid(source: string, fault: string): TroupeError {
  return new TroupeError(
    "invalid_pattern",
    `Cannot use "${source}" as a topic pattern: ${fault}. Accepted are parts between colons, each either text ` +
      'without { } * or a parameter {name} (letters, digits, _), with * as the last part for any rest: "room:lobby", ' +
      '"room:{id}", "room:{id}:typing", "room:*"',
    { details: { pattern: source } },
  );
}
