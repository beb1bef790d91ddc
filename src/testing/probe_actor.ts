import { actor } from "../actors/behavior.ts";
import type { Ref } from "../actors/ref.ts";
import type { Spawner } from "../actors/dynamic_supervisor.ts";

/** An actor that remembers what it was told: give its address away and look at what arrives. */
export class ProbeActor<M> {
  /** Its address. */
  readonly ref: Ref<M>;
  /** Everything that it was told and that was not taken yet, oldest first. */
  readonly messages: M[] = [];

  /** Starts the probe below `parent`. */
  constructor(parent: Spawner, label = "probe") {
    this.ref = parent.spawn(
      actor<M, null>({
        name: "probe",
        init: () => null,
        receive: (state, message) => {
          this.messages.push(message);
          return state;
        },
      }),
      { label },
    );
  }

  /** Takes what has arrived since the last call, oldest first. */
  take(): M[] {
    return this.messages.splice(0);
  }
}
