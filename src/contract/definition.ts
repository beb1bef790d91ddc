/**
 * What a contract is made of, and what it says, as types.
 *
 * @module
 */

import type { TopicPattern } from "./pattern.ts";
import type { ParamsOf, TopicNames } from "./topic_names.ts";
import type { AnyRecord, InferInput, InferOutput, Schema } from "./schema.ts";
import type { StateDefinition } from "./state.ts";

/** A message that is answered: a join, or an event of a client. */
export interface ExchangeDefinition {
  /** What is sent. Default: any object. */
  readonly payload?: Schema;
  /** What is answered. Default: nothing; the reply is empty. */
  readonly reply?: Schema;
}

/** What `defineTopic` takes beside the pattern. */
export interface TopicDefinition {
  /** The join. Default: any object is sent, nothing answered. */
  readonly join?: ExchangeDefinition;
  /** What a client may send, by event. Default: nothing. */
  readonly client?: Readonly<Record<string, ExchangeDefinition>>;
  /** What the server may send, by event. Default: nothing. */
  readonly server?: Readonly<Record<string, Schema>>;
  /**
   * What the server may ask a client, by event, and what the client answers. Both are JSON; without a schema, any
   * object. Default: nothing.
   */
  readonly requests?: Readonly<Record<string, ExchangeDefinition>>;
  /** What the server's events come to, one after the other: see {@link StateDefinition}. Default: there is no state. */
  readonly state?: StateDefinition;
  /** What is known of one who is present: an object that JSON can carry. Default: the topic has no presence of its own. */
  readonly presence?: Schema;
}

/** Makes a key that {@link TopicDefinition} does not have fail to compile: it would have to be `never`. */
export type Strict<Definition> = {
  readonly [Key in keyof Definition]: Key extends "join" ? StrictExchange<Definition[Key]>
    : Key extends "client" | "requests"
      ? { readonly [Event in keyof Definition[Key]]: StrictExchange<Definition[Key][Event]> }
    : Key extends "server" | "presence" ? Definition[Key]
    : Key extends "state" ? StrictState<Definition>
    : never;
};

/** The same for a {@link StateDefinition}, each of whose `apply` is for an event of the server. */
export type StrictState<Definition> = Definition extends { readonly state: infer State } ? {
    readonly [Key in keyof State]: Key extends "schema" | "initial" ? unknown
      : Key extends "apply"
        ? [Exclude<keyof State[Key], ServerNames<Definition>>] extends [never] ? unknown : never
      : never;
  }
  : unknown;

/** The names of the server's events. */
export type ServerNames<Definition> = Definition extends { readonly server: infer Server } ? keyof Server
  : never;

/** The same for an {@link ExchangeDefinition}. */
export type StrictExchange<Exchange> = {
  readonly [Key in keyof Exchange]: Key extends keyof ExchangeDefinition ? Exchange[Key] : never;
};

/**
 * A topic's contract, made by `defineTopic`: data alone, frozen. The records of events have no prototype, so a
 * name from outside finds nothing but an event.
 */
export interface TopicContract<
  Pattern extends string = string,
  Definition extends TopicDefinition = TopicDefinition,
> {
  /** Which topics it covers. */
  readonly pattern: TopicPattern<Pattern>;
  /** What may be said in them. */
  readonly definition: Definition;
}

/** A contract that is not checked yet, as `@troupe/core/contract/lean` makes it; every {@link TopicContract} is one too. */
export interface LeanContract<
  Pattern extends string = string,
  Definition extends TopicDefinition = TopicDefinition,
> {
  /** The names of its topics. */
  readonly pattern: TopicNames<Pattern>;
  /** What may be said in them. */
  readonly definition: Definition;
}

/** Any contract. */
export type AnyContract = LeanContract;

/** The parameters of a contract's topics. */
export type ContractParams<C extends AnyContract> = C extends LeanContract<infer Pattern> ? ParamsOf<Pattern>
  : never;

/** What the join handler gets: the join payload after validation; any object where the contract has no schema. */
export type JoinPayload<C extends AnyContract> = C["definition"] extends { readonly join?: infer Join }
  ? PayloadOf<Join>
  : AnyRecord;

/** What the join handler returns, before validation; `void` where the contract has no schema. */
export type JoinReply<C extends AnyContract> = C["definition"] extends { readonly join?: infer Join }
  ? ReplyOf<Join>
  : void;

/** The events that a client may send, as a union of names. */
export type ClientEvents<C extends AnyContract> = C["definition"] extends { readonly client?: infer Events }
  ? keyof NonNullable<Events> & string
  : never;

/** What an event's handler gets: the payload after validation; any object where the contract has no schema. */
export type ClientPayload<C extends AnyContract, Event extends ClientEvents<C>> = PayloadOf<
  ClientEvent<C, Event>
>;

/** What an event's handler returns, before validation; `void` where the contract has no schema. */
export type ClientReply<C extends AnyContract, Event extends ClientEvents<C>> = ReplyOf<
  ClientEvent<C, Event>
>;

/** The events that the server may send, as a union of names. */
export type ServerEvents<C extends AnyContract> = C["definition"] extends { readonly server?: infer Events }
  ? keyof NonNullable<Events> & string
  : never;

/** What the server gives to send an event: the payload before validation. */
export type ServerPayload<C extends AnyContract, Event extends ServerEvents<C>> = C["definition"] extends
  { readonly server: { readonly [Name in Event]: infer S extends Schema } } ? InferInput<S> : unknown;

/** The state of the topic; `never` without one. */
export type StateOf<C extends AnyContract> = C["definition"] extends
  { readonly state: { readonly schema: infer S extends Schema } } ? InferOutput<S> : never;

/** What the server may ask a client, as a union of names. */
export type RequestEvents<C extends AnyContract> = C["definition"] extends
  { readonly requests?: infer Events } ? keyof NonNullable<Events> & string
  : never;

/** What the server asks with: the payload before validation; any object where the contract has no schema. */
export type RequestPayload<C extends AnyContract, Event extends RequestEvents<C>> =
  RequestDefinition<C, Event> extends { readonly payload: infer S extends Schema } ? InferInput<S>
    : AnyRecord;

/** What the server is answered: the reply after validation; any object where the contract has no schema. */
export type RequestReply<C extends AnyContract, Event extends RequestEvents<C>> =
  RequestDefinition<C, Event> extends { readonly reply: infer S extends Schema } ? InferOutput<S> : AnyRecord;

/** What a member is tracked with: before validation; any object where the contract has no schema. */
export type PresenceInput<C extends AnyContract> = C["definition"] extends
  { readonly presence: infer S extends Schema } ? InferInput<S> : AnyRecord;

/** What others see of a member, beside its references: after validation; any object without a schema. */
export type PresenceOutput<C extends AnyContract> = C["definition"] extends
  { readonly presence: infer S extends Schema } ? InferOutput<S> : AnyRecord;

/**
 * How a client answers what the server asks: for `answerRequests(channel, handlers satisfies RequestHandlers<typeof
 * Room>)`. What comes in has been validated by the server; what is answered will be.
 */
export type RequestHandlers<C extends AnyContract> = {
  readonly [Event in RequestEvents<C>]: (
    payload: PayloadOf<RequestDefinition<C, Event>>,
  ) => RequestAnswer<C, Event> | Promise<RequestAnswer<C, Event>>;
};

/** What a client answers: the reply before validation; any object where the contract has no schema. */
export type RequestAnswer<C extends AnyContract, Event extends RequestEvents<C>> =
  RequestDefinition<C, Event> extends { readonly reply: infer S extends Schema } ? InferInput<S> : AnyRecord;

/** One request in a contract's definition. */
export type RequestDefinition<C extends AnyContract, Event extends string> = C["definition"] extends
  { readonly requests: { readonly [Name in Event]: infer Exchange } } ? Exchange : ExchangeDefinition;

/** One event of a client in a contract's definition. */
export type ClientEvent<C extends AnyContract, Event extends string> = C["definition"] extends
  { readonly client: { readonly [Name in Event]: infer Exchange } } ? Exchange : ExchangeDefinition;

/** The validated payload of an {@link ExchangeDefinition}; {@link AnyRecord} without a schema. */
export type PayloadOf<Exchange> = Exchange extends { readonly payload: infer S extends Schema }
  ? InferOutput<S>
  : AnyRecord;

/** The reply of an {@link ExchangeDefinition} before validation; `void` without a schema. */
export type ReplyOf<Exchange> = Exchange extends { readonly reply: infer S extends Schema } ? InferInput<S>
  : void;
