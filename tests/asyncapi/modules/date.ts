// A contract with what JSON Schema cannot say.
import { z } from "zod";
import { defineTopic } from "../../../mod.ts";

export default defineTopic("log", { server: { logged: z.object({ at: z.date() }) } });
