import { findBugs } from "../find_bugs.ts";
import { TOPICS } from "./topics.ts";

findBugs(TOPICS);
