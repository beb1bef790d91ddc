/**
 * One topic that several tabs have joined over one connection.
 *
 * @module
 */

/** A tab, as its topics see it. */
export interface TopicTab {
  /** Names it within its hub. */
  readonly id: number;
}

/**
 * One membership at the server, and the tabs that share it. Each tab joins by itself, with a payload of its own, and gets
 * the server's answer; the newest join is the one that counts at the server, since it keeps one channel for a topic and
 * connection. What it says to that channel, it says to all of the tabs.
 */
export class SharedTopic<Tab extends TopicTab> {
  /** The tabs that have joined, or are joining, each with its own name for its join. */
  readonly tabs: Map<Tab, string> = new Map();
  /** The name of the newest join, as the server knows it. */
  current: string;
  /** Who has joined last: who answers what the server asks. */
  owner: Tab;
  /** Where all of them stand in the topic's history; `null` if that is not known, or there is none. */
  offset: number | null = null;

  /** It is joined by a tab. */
  constructor(tab: Tab, joinRef: string) {
    this.owner = tab;
    this.current = this.join(tab, joinRef);
  }

  /** A tab joins, in the place of what was joined before; gives the join's name at the server. */
  join(tab: Tab, joinRef: string): string {
    this.tabs.set(tab, joinRef);
    this.owner = tab;
    return this.current = `${tab.id}.${joinRef}`;
  }

  /** They stand at an offset, or behind it. */
  advance(offset: number): void {
    this.offset = Math.max(this.offset ?? 0, offset);
  }

  /** A tab goes; `true` if it was the last one. */
  leave(tab: Tab): boolean {
    this.tabs.delete(tab);
    if (this.owner === tab) this.owner = this.tabs.keys().next().value ?? tab;
    return this.tabs.size === 0;
  }
}
