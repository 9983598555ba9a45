// Aids on the pages for staff.
import { countPicked } from "./pick.js";
import { refreshParts } from "./refresh.js";
import { listenForKeys } from "./keys.js";
import { offerPasskeys } from "./passkey.js";
import { watchIdle } from "./idle.js";

countPicked();
refreshParts();
listenForKeys();
offerPasskeys();
watchIdle();
