import { findBugs } from "../find_bugs.ts";
import { RETURNS } from "./returns.ts";

findBugs(RETURNS);
