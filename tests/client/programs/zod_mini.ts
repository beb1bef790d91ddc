// The part of a page that is its schema library, to be weighed alone.
import * as z from "zod/mini";

console.log(z.object({ text: z.string() }));
