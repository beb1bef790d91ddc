import { isRecord } from "../base/record.ts";
import type { Forms } from "./own_events.ts";

/** The event of counts and pages. */
export const PRESENCE_EVENT = "troupe:presence";

/** What says who is present. */
export const PRESENCE_FORMS: Forms = {
  presence_state: isPresent,
  presence_diff: (value) => isRecord(value) && isPresent(value.joins) && isPresent(value.leaves),
  "troupe:presence": (value) =>
    isRecord(value) && typeof value.count === "number" &&
    [value.sample, value.page].every((part) => part === undefined || isPresent(part)),
};

/** Keys, and their presences. */
function isPresent(value: unknown): boolean {
  return isRecord(value) &&
    Object.values(value).every((entry) =>
      isRecord(entry) && Array.isArray(entry.metas) && entry.metas.every(isRecord)
    );
}
