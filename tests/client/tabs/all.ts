import { testTogether } from "../../together.ts";

await testTogether(import.meta.dirname);
