import type { Codec, Frame } from "../protocol/codec.ts";
import type { Publication } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";
import { TopicTurn } from "./topic_turn.ts";

/** What a topic took in during one turn, in order: publications, and subscriptions that begin between them. */
export type Entry =
  | { readonly publication: Publication }
  | { readonly subscriber: Subscriber; readonly ask?: number };

/** Is told of a publication that a codec cannot carry. */
export type OnUnencodable = (publication: Publication, codec: Codec, error: unknown) => void;

/**
 * Fans out the publications of one turn to the subscribers of a topic. Each publication is encoded once for each codec,
 * and the turn is put together once for each codec: a subscriber that gets all of it, and has nothing of its own to put
 * in between, gets the shared list.
 */
export class Fanout {
  readonly #publications: readonly Publication[];
  readonly #onUnencodable: OnUnencodable;
  readonly #filtered: boolean;
  #codec: Codec | null = null;
  #frames: readonly (Frame | null)[] = [];
  #turn: TopicTurn | null = null;
  #others: Map<Codec, { frames: readonly (Frame | null)[]; turn: TopicTurn }> | null = null;

  constructor(publications: readonly Publication[], onUnencodable: OnUnencodable) {
    this.#publications = publications;
    this.#onUnencodable = onUnencodable;
    this.#filtered = publications.some((publication) => publication.filter !== null);
  }

  /**
   * Hands `subscriber` its publications, from the `from`-th on, as long as it is active: it may end within, e.g. since
   * its outbox is full.
   */
  deliver(subscriber: Subscriber, from = 0): void {
    if (subscriber.codec !== this.#codec) this.#use(subscriber.codec);
    if (from === 0 && !subscriber.interleaves && !(this.#filtered && this.#skips(subscriber))) {
      if (this.#turn!.frames.length > 0) subscriber.writeTurn(this.#turn!);
      return;
    }
    for (let i = from; i < this.#publications.length && subscriber.active; i++) {
      const publication = this.#publications[i];
      const frame = this.#frames[i];
      if (
        frame !== null && (publication.filter === null || publication.filter(subscriber.inner ?? subscriber))
      ) {
        subscriber.write(frame, publication);
      }
      if (publication.origin === subscriber) publication.acknowledge();
    }
  }

  #skips(subscriber: Subscriber): boolean {
    return this.#publications.some(({ filter }) => filter !== null && !filter(subscriber));
  }

  #use(codec: Codec): void {
    if (this.#codec !== null) {
      (this.#others ??= new Map()).set(this.#codec, { frames: this.#frames, turn: this.#turn! });
    }
    const known = this.#others?.get(codec);
    this.#codec = codec;
    this.#frames = known?.frames ?? this.#publications.map((publication) => this.#encode(publication, codec));
    this.#turn = known?.turn ?? this.#turnOf(this.#frames);
  }

  #turnOf(frames: readonly (Frame | null)[]): TopicTurn {
    const carried = frames.filter((frame) => frame !== null);
    return new TopicTurn(
      carried,
      carried.length === frames.length
        ? this.#publications
        : this.#publications.filter((_, i) => frames[i] !== null),
    );
  }

  #encode(publication: Publication, codec: Codec): Frame | null {
    try {
      return publication.frame(codec);
    } catch (error) {
      this.#onUnencodable(publication, codec, error);
      return null;
    }
  }
}

/** The publications among what a topic has taken in, in order. */
export function publicationsOf(entries: readonly Entry[]): Publication[] {
  const publications: Publication[] = [];
  for (const entry of entries) if ("publication" in entry) publications.push(entry.publication);
  return publications;
}
