// An app that listens as soon as it is imported, and would go on for ever.
import { App, defineTopic } from "../../../mod.ts";

const app = new App().topic(defineTopic("room:{id}", {}), {});
app.listen({ port: 0, signals: false });

export default app;
