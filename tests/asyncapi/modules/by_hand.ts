// A contract whose schema is of no library.
import { defineTopic, type Schema } from "../../../mod.ts";

const text: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "by hand",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "expected a string" }] },
  },
};

export const Notes = defineTopic("notes", { server: { noted: text } });
