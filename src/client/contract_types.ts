/**
 * What a contract says to a client, as types.
 *
 * @module
 */

import type {
  AnyContract,
  AnyRecord,
  ClientEvent,
  ClientEvents,
  ExchangeDefinition,
  InferInput,
  InferOutput,
  Schema,
  ServerEvents,
} from "../contract/mod.ts";

/** What is sent: before validation; any object where the contract has no schema. */
export type Sent<Exchange> = Exchange extends { readonly payload: infer S extends Schema } ? InferInput<S>
  : AnyRecord;

/** What is answered: after validation; nothing to rely on where the contract has no schema. */
export type Answered<Exchange> = Exchange extends { readonly reply: infer S extends Schema } ? InferOutput<S>
  : AnyRecord;

/** A contract's join. */
export type JoinOf<C extends AnyContract> = C["definition"] extends
  { readonly join: infer Join extends ExchangeDefinition } ? Join : ExchangeDefinition;

/** What a client joins with. */
export type JoinPayloadOf<C extends AnyContract> = Sent<JoinOf<C>>;

/** What a client's join is answered with. */
export type JoinReplyOf<C extends AnyContract> = Answered<JoinOf<C>>;

/** What a client sends with an event. */
export type SendPayload<C extends AnyContract, Event extends ClientEvents<C>> = Sent<ClientEvent<C, Event>>;

/** What a client's event is answered with. */
export type SendReply<C extends AnyContract, Event extends ClientEvents<C>> = Answered<ClientEvent<C, Event>>;

/** What comes with an event of the server's. */
export type EventPayload<C extends AnyContract, Event extends ServerEvents<C>> = C["definition"] extends
  { readonly server: { readonly [Name in Event]: infer S extends Schema } } ? InferOutput<S> : unknown;

/** A payload, which may be left out where an empty object would do, and options. */
export type PayloadArguments<Payload, Options> = Record<never, never> extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options];
