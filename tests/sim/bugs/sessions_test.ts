import { findBugs } from "../find_bugs.ts";
import { SESSIONS } from "./sessions.ts";

findBugs(SESSIONS);
