import type { AnyContract, ClientEvent, ClientEvents, ServerEvents } from "../contract/define_topic.ts";
import type { AnyRecord, InferInput, InferOutput, Schema } from "../contract/schema.ts";
import type { AnyTopic, EventsOut } from "../sessions/topic_handlers.ts";

/** What an exchange's client gives: the payload before validation; any object without a schema. */
export type Given<Exchange> = Exchange extends { readonly payload: infer S extends Schema } ? InferInput<S>
  : AnyRecord;
/** What an exchange's client is answered: the reply after validation; an empty object without a schema. */
export type Answered<Exchange> = Exchange extends { readonly reply: infer S extends Schema } ? InferOutput<S>
  : AnyRecord;

/** The join in a contract's definition. */
export type JoinOf<C extends AnyContract> = C["definition"] extends { readonly join: infer Join } ? Join
  : unknown;

/** What goes with a join. */
export type JoinGiven<C extends AnyTopic> = C extends AnyContract ? Given<JoinOf<C>> : unknown;
/** What a join is answered. */
export type JoinAnswered<C extends AnyTopic> = C extends AnyContract ? Answered<JoinOf<C>> : unknown;
/** What goes with an event of the client's. */
export type EventGiven<C extends AnyTopic, E extends string> = C extends AnyContract
  ? Given<ClientEvent<C, E & ClientEvents<C>>>
  : unknown;
/** What an event of the client's is answered. */
export type EventAnswered<C extends AnyTopic, E extends string> = C extends AnyContract
  ? Answered<ClientEvent<C, E & ClientEvents<C>>>
  : unknown;

/** An event that is the engine's own: how a channel ends, who is present, what was missed, … */
export type EngineEvent = `phx_${string}` | "presence_state" | "presence_diff" | `troupe:${string}`;

/** What a client may hear. */
export type Audible<C extends AnyTopic> = EventsOut<C> | EngineEvent;
/** What comes with it: the payload after validation; `unknown` for the engine's own events. */
export type EventHeard<C extends AnyTopic, E extends string> = C extends AnyContract
  ? E extends ServerEvents<C> ? HeardOf<C, E> : unknown
  : unknown;
/** The payload of an event of the server's. */
export type HeardOf<C extends AnyContract, E extends string> = C["definition"] extends
  { readonly server: { readonly [Name in E]: infer S extends Schema } } ? InferOutput<S> : unknown;

/** A payload, which may be left out where an empty object would do, and options. */
export type PayloadAndOptions<Payload, Options> = Record<never, never> extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options];
