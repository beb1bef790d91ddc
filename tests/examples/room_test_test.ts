// Runs examples/room_test.ts, which is a test itself.
import "../../examples/room_test.ts";
