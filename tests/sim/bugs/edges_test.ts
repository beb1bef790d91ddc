import { findBugs } from "../find_bugs.ts";
import { EDGES } from "./edges.ts";

findBugs(EDGES);
