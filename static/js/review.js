// Aids on the pages for staff.
import { countPicked } from "./pick.js";
import { refreshParts } from "./refresh.js";
import { listenForKeys } from "./keys.js";

countPicked();
refreshParts();
listenForKeys();
