/**
 * The names of a pattern's topics.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";

/** The parameters' names in a pattern, as a union. */
export type ParamNames<Pattern extends string> = Pattern extends `${infer Head}:${infer Tail}`
  ? ParamNames<Head> | ParamNames<Tail>
  : Pattern extends `{${infer Name}}` ? Name
  : never;

/**
 * The parameters of a topic, by name: `{ id: string }` for `"room:{id}"`, an empty record for a pattern without
 * parameters, any names for a pattern that is not known when compiling.
 */
export type ParamsOf<Pattern extends string> = Pattern extends string
  ? string extends Pattern ? Record<string, string> : { [Name in ParamNames<Pattern>]: string }
  : never;

/** Writes the names of topics by a pattern, which is taken as it is: `TopicPattern` checks it, and reads names too. */
export class TopicNames<Pattern extends string = string> {
  /** The pattern as it was written. */
  readonly source: Pattern;

  /** Takes a pattern. */
  constructor(source: Pattern) {
    this.source = source;
  }

  /**
   * The name of the topic that has these parameters. Parameters that the pattern does not have are ignored.
   *
   * @throws {TroupeError} `invalid_params` if a parameter is missing, is not a string, is empty or holds a colon, or
   * if the pattern ends in `*` and so has no single name.
   */
  fill(params: ParamsOf<Pattern>): string {
    const given: Readonly<Record<string, unknown>> = params;
    return this.source.replace(/\{(\w+)\}|\*$/g, (_, name) => {
      const value = given[name];
      if (typeof value === "string" && /^[^:]+$/.test(value)) return value;
      throw unfit(this.source, name ?? "*", `${name ?? "*"} is ${value}`);
    });
  }
}

/** The error for a parameter that no topic's name can hold. */
export function unfit(source: string, param: string, fault: string): TroupeError {
  return new TroupeError(
    "invalid_params",
    `Cannot name a topic of "${source}": ${fault}. Accepted: text without a colon`,
    { details: { pattern: source, param } },
  );
}
