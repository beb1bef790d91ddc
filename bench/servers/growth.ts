/**
 * The engine with very many topics and patterns: no limits on what one client may join, and a topic ends soon after
 * its last member.
 *
 * @module
 */

import { benchApp } from "./app.ts";
import { GENEROUS } from "./generous.ts";
import { announce } from "./process.ts";

const MANY = 1_000_000;
const limits = { ...GENEROUS, maxChannels: MANY, maxPatterns: MANY, topicIdleMs: 10 };
announce(benchApp({ limits }).patterns("plain:*", { match: () => true }).listen({ port: 0 }).port);
