import { findBugs } from "../find_bugs.ts";
import { ACTORS } from "./actors.ts";

findBugs(ACTORS);
