// What keeps an alarm quiet, in words: by whom or by what, why, and until when.

import type { Hold, Holds, Quiet } from "../api/types";
import { duration, say, t } from "../i18n/index.svelte";

/** All at once, the longest lasting kind first. */
export function holdsOf(alarm: Holds): { kind: Quiet; hold: Hold }[] {
  const list: { kind: Quiet; hold: Hold }[] = [];
  if (alarm.out_of_service !== null) list.push({ kind: "out_of_service", hold: alarm.out_of_service });
  for (const hold of alarm.suppressed) list.push({ kind: "suppressed", hold });
  if (alarm.shelved !== null) list.push({ kind: "shelved", hold: alarm.shelved });
  return list;
}

export const holdText = (hold: Hold): string =>
  hold.by_design ? t("held.because", { alarm: say(hold.why) }) : `${hold.by}: ${say(hold.why)}`;

export function holdLeft(hold: Hold, now: number): string {
  if (hold.until === null) return t(hold.by_design ? "held.untilCause" : "held.untilReturned");
  return t("held.left", { duration: duration(Math.max(0, Date.parse(hold.until) - now)) });
}
