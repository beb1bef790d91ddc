// The part of a page that is the published client, to be weighed alone.
import { Presence, Socket } from "phoenix";

console.log(Socket, Presence);
