// An app with topics without a contract.
import { App, defineTopic } from "../../../mod.ts";

export const Room = defineTopic("room:{id}", {});

export default new App().topic(Room, {}).topic("feed:*", {}).topic("echo", {});
