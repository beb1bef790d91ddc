import { messageOf, TroupeError } from "../base/errors.ts";
import { countOf, type Few, itemsOf, withItem, withoutItem } from "../base/few.ts";
import type { ActorInfo } from "../base/inspect.ts";
import type { Behavior, SpawnOptions } from "./behavior.ts";
import { CellContext, type ContextHost } from "./context.ts";
import { DeathWatch, type Watcher } from "./death_watch.ts";
import { Ending, type EndingHost } from "./ending.ts";
import type { Kernel } from "./kernel.ts";
import {
  ENDED,
  ENDING,
  HELD,
  MessageLoop,
  NEW,
  RUNNING,
  STARTING,
  SUSPENDED,
  UNSET,
} from "./message_loop.ts";
import { Ref, target } from "./ref.ts";
import type { StopReason, SupervisedChild, Supervision } from "./supervision.ts";

/** How long an actor may take to stop if nobody says, in milliseconds. */
export const DEFAULT_STOP_TIMEOUT_MS = 5_000;

const STATUS = ["starting", "running", "suspended", "starting", "stopping", "waiting", "stopped"] as const;

const NOTHING_LEFT: unknown[] = [];

/** What few actors need, made when it is first needed: an idle actor should weigh little. */
class Extras {
  readonly watch = new DeathWatch();
  supervision: Supervision | null = null;
  ending: Ending | null = null;
  restarts = 0;
  /** What the life before had stashed: the next one gets it first. */
  leftOver: unknown[] = NOTHING_LEFT;
}

// Methods that are TypeScript-`private` and not `#private` here and in its base class: a class with `#private` methods
// adds a hidden field to each instance, and there are many instances.

/** One actor: its mailbox, its state, its place in the tree. The rest of the engine knows it as a {@link Ref}. */
export class Cell extends MessageLoop implements SupervisedChild, ContextHost, EndingHost, Watcher {
  readonly ref: Ref<never>;
  readonly #parent: Cell | null;
  readonly #options: SpawnOptions<never> | undefined;
  readonly #id: number;
  #startedMs = 0;
  #children: Few<Cell> = null;
  #extras: Extras | null = null;

  constructor(
    kernel: Kernel,
    parent: Cell | null,
    behavior: Behavior<never, never>,
    options: SpawnOptions<never> | undefined,
  ) {
    super(kernel, behavior);
    this.#parent = parent;
    this.#options = options;
    this.#id = kernel.nextId();
    this.ref = new Ref<never>(this);
    if (options?.name !== undefined) kernel.names.register(options.name, this.ref);
    this.supervise();
    kernel.started++;
    this.ready();
  }

  override get path(): string {
    if (this.#parent === null) return "";
    const label = this.#options?.label ?? this.#options?.name ?? `${this.behavior.name}-${this.#id}`;
    return `${this.#parent.path}/${label}`;
  }

  get held(): boolean {
    return this.phase === HELD;
  }

  get ended(): boolean {
    return this.phase === ENDED;
  }

  get ending(): boolean {
    return this.phase === ENDING;
  }

  get stashCapacity(): number | undefined {
    return this.behavior.definition.stashCapacity;
  }

  get stopTimeoutMs(): number {
    return this.#options?.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
  }

  get supervision(): Supervision | null {
    return this.#extras?.supervision ?? null;
  }

  /** How many children it has. */
  get childCount(): number {
    return countOf(this.#children);
  }

  /** Its children, in the order in which they were started first. */
  get children(): Cell[] {
    return itemsOf(this.#children);
  }

  stopActor(ref: Ref<never>): void {
    (target(ref) as Cell).requestStop();
  }

  watch(ref: Ref<never>): void {
    const cell = target(ref) as Cell;
    if (cell.addWatcher(this)) this.rare().watch.follows(cell);
  }

  unwatch(ref: Ref<never>): void {
    const cell = target(ref) as Cell;
    cell.removeWatcher(this);
    this.#extras?.watch.forgets(cell);
    this.dropSignals((signal) => signal.type === "terminated" && signal.ref === ref);
  }

  terminated(ref: Ref<never>, reason: StopReason): void {
    this.#extras?.watch.forgets(target(ref) as Cell);
    this.signal({ type: "terminated", ref, reason });
  }

  /** Tells `watcher` when this actor has ended for good; at once, and answers `false`, if it has already. */
  addWatcher(watcher: Watcher): boolean {
    if (this.phase !== ENDED) {
      this.rare().watch.add(watcher);
      return true;
    }
    watcher.terminated(this.ref, this.state as StopReason);
    return false;
  }

  removeWatcher(watcher: Watcher): void {
    this.#extras?.watch.remove(watcher);
  }

  // ── Life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  spawnChild<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N> {
    return this.adopt(behavior, options).ref as Ref<unknown> as Ref<N>;
  }

  /** Starts a child and hands out its cell, for supervisors. */
  adopt<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Cell {
    if (this.phase >= ENDING) {
      const status = STATUS[this.phase];
      throw new TroupeError("actor_stopped", `Cannot spawn a child of ${this.path}: it is ${status}`, {
        details: { status },
      });
    }
    const child = new Cell(
      this.kernel,
      this,
      behavior as unknown as Behavior<never, never>,
      options as SpawnOptions<never>,
    );
    this.#children = withItem(this.#children, child);
    return child;
  }

  /** The whole actor fails, e.g. a supervisor whose children crash too often. */
  fail(error: unknown): void {
    this.crash(error);
  }

  endIncarnation(): void {
    this.end({ kind: "shutdown" }, true);
  }

  terminate(): void {
    this.end({ kind: "shutdown" }, false);
  }

  restart(): void {
    if (this.phase !== HELD) return;
    this.phase = NEW;
    this.rare().restarts++;
    this.kernel.counters.add("actors.restarted");
    this.supervise();
    this.ready();
  }

  /** Cuts the actor and all below it off, without their stop hooks: it has ended when this returns. */
  abort(): void {
    if (this.phase === ENDED) return;
    this.phase = ENDING;
    this.#extras?.ending?.cancel();
    this.supervision?.dispose();
    for (const child of this.children.reverse()) child.abort();
    this.kernel.counters.add("actors.aborted");
    this.finish({ kind: "aborted" });
  }

  protected override start(): void {
    this.#startedMs = Math.floor(this.kernel.clock.elapsedMs() - this.kernel.startedMs);
    const context = this.context = new CellContext<never>(this, this.behavior.definition.receive);
    this.phase = RUNNING;
    if (this.#extras !== null) this.putBackLeftOver(this.#extras);
    try {
      const state = this.behavior.definition.init(context, this.#options?.args as never);
      if (state instanceof Promise) this.suspend(STARTING, state, context);
      else if (this.context === context) this.started(state);
    } catch (error) {
      if (this.context === context) this.crash(error);
    }
  }

  protected override started(state: unknown): void {
    this.state = state;
    if (this.supervision === null) this.childrenStarted();
    else this.supervision.start();
  }

  /** For its supervision: all that it starts with runs. Only now does the actor itself count as started. */
  childrenStarted(): void {
    this.#parent?.supervision?.childStarted(this);
  }

  protected override crash(error: unknown): void {
    this.context?.failAsks(
      new TroupeError("actor_crashed", `${this.path} crashed: ${messageOf(error)}`, { cause: error }),
    );
    this.kernel.counters.add("actors.crashed");
    this.kernel.logger.log("error", "actor crashed", {
      actor: this.path,
      behavior: this.behavior.name,
      error,
    });
    this.end({ kind: "crashed", error }, true);
  }

  protected override end(reason: StopReason, restartable: boolean): void {
    if (this.phase === ENDED) return;
    if (this.phase === HELD) return restartable ? undefined : this.finish(reason);
    const extras = this.rare();
    if (extras.ending !== null) {
      if (!restartable) extras.ending.forGood();
      return;
    }
    const handlerPending = this.phase === SUSPENDED || this.phase === STARTING;
    this.phase = ENDING;
    const ending = extras.ending = new Ending(this, reason, restartable, this.children);
    extras.supervision?.dispose();
    this.context?.beginEnd();
    ending.begin(handlerPending);
  }

  protected override proceedEnding(): void {
    this.#extras!.ending!.handlerSettled();
  }

  abandonHandler(): void {
    this.closeContext();
  }

  stopHook(reason: StopReason): void | Promise<void> {
    // Without a state there is nothing to clean up: init never finished, or the actor was cut off.
    if (this.context === null || this.state === UNSET) return;
    return this.behavior.definition.stop?.(this.state, reason, this.context);
  }

  incarnationEnded(reason: StopReason, restartable: boolean): void {
    const parent = this.#parent;
    const another = restartable && !this.stopRequested;
    if (!another || parent === null || parent.phase >= ENDING || parent.supervision === null) {
      return this.finish(reason);
    }
    this.closeIncarnation();
    this.phase = HELD;
    const verdict = parent.supervision.childEnded(this, reason);
    if (verdict === "hold") return;
    this.finish(reason);
    if (verdict !== "terminate") parent.fail(verdict);
  }

  private finish(reason: StopReason): void {
    if (this.phase === ENDED) return;
    this.closeIncarnation();
    if (this.#extras !== null) this.putBackLeftOver(this.#extras);
    this.phase = ENDED;
    this.state = reason; // for those who begin to watch it later
    this.signals = null;
    if (this.#options?.name !== undefined) this.kernel.names.unregister(this.#options.name, this.ref);
    const box = this.mailbox;
    this.mailbox = null;
    while (box !== null && box.length > 0) this.discard("stopped", box.shift());
    if (box !== null) this.kernel.mailboxes.give(box);
    this.kernel.ended++;
    this.#parent?.childGone(this);
    this.#extras?.watch.announce(this.ref, reason);
  }

  private closeIncarnation(): void {
    this.closeContext();
    this.state = UNSET;
    this.dropSignals(() => true);
    const extras = this.#extras;
    if (extras === null) return;
    extras.ending = null;
    extras.supervision?.dispose();
    extras.supervision = null;
    extras.watch.unfollowAll(this);
  }

  /** From here on whatever the behaviour still does counts for nothing. */
  private closeContext(): void {
    const context = this.context;
    if (context === null) return;
    this.context = null;
    const stash = context.takeStash();
    if (stash.length > 0) this.rare().leftOver = stash;
    context.revoke();
    if (!context.owesAnswers) return; // an error with its stack costs more than the rest of an actor's end
    context.failAsks(new TroupeError("actor_stopped", `${this.path} stopped before it answered`));
  }

  private putBackLeftOver(extras: Extras): void {
    const messages = extras.leftOver;
    extras.leftOver = NOTHING_LEFT;
    this.putBack(messages);
  }

  private supervise(): void {
    const { supervise } = this.behavior;
    if (supervise !== null) this.rare().supervision = (supervise as (host: Cell) => Supervision)(this);
  }

  private rare(): Extras {
    return this.#extras ??= new Extras();
  }

  childGone(child: Cell): void {
    this.#children = withoutItem(this.#children, child);
    this.supervision?.childGone(child);
  }

  /** What can be seen of this actor and of all below it. */
  inspect(): ActorInfo {
    return {
      path: this.path === "" ? "/" : this.path,
      behavior: this.behavior.name,
      status: STATUS[this.phase],
      mailboxLength: this.waiting + (this.#extras?.leftOver.length ?? 0),
      restarts: this.#extras?.restarts ?? 0,
      uptimeMs: this.phase === NEW
        ? 0
        : Math.floor(this.kernel.clock.elapsedMs() - this.kernel.startedMs) - this.#startedMs,
      children: this.children.map((child) => child.inspect()),
    };
  }
}
