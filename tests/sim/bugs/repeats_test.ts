import { findBugs } from "../find_bugs.ts";
import { REPEATS } from "./repeats.ts";

findBugs(REPEATS);
