// The part of a page that is the published client, to be weighed alone.
import { LongPoll, Serializer, Socket } from "phoenix";

console.log(Socket, LongPoll, Serializer);
