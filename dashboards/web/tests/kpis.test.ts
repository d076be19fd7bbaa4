// The rate of alarms as bars, and alarms that are held.

import { describe, expect, it } from "vitest";
import type { Alarm } from "../src/api/types";
import { bars } from "../src/format/kpis";
import { countAlarms, inboxOrder, isHeld } from "../src/state/reduce";

const kpis = (hours: number, rate: { t: string; count: number }[]) => ({
  from: "2026-11-22T00:00:00.000Z",
  to: new Date(Date.parse("2026-11-22T00:00:00.000Z") + hours * 3_600_000).toISOString(),
  step_secs: 600,
  rate,
});

describe("bars", () => {
  it("are one for each ten minutes of a day, the empty ones too", () => {
    const list = bars(kpis(24, [{ t: "2026-11-22T00:10:00.000Z", count: 12 }]));
    expect(list).toHaveLength(144);
    expect(list[0]?.most).toBe(0);
    expect(list[1]).toMatchObject({ most: 12, sum: 12 });
  });
  it("show the worst ten minutes of a longer stretch, and lose none", () => {
    const rate = [
      { t: "2026-11-22T00:00:00.000Z", count: 3 },
      { t: "2026-11-22T00:10:00.000Z", count: 12 },
      { t: "2026-11-28T23:50:00.000Z", count: 1 },
    ];
    const list = bars(kpis(7 * 24, rate));
    expect(list.length).toBeLessThanOrEqual(144);
    expect(list[0]).toMatchObject({ most: 12, sum: 15 });
    expect(list.reduce((sum, bar) => sum + bar.sum, 0)).toBe(16);
    expect(list.at(-1)?.sum).toBe(1);
  });
  it("stand also for no time at all", () => {
    expect(bars(kpis(0, []))).toHaveLength(1);
  });
});

describe("alarms that are held", () => {
  const alarm = (rest: Partial<Alarm>): Alarm =>
    ({
      id: "a",
      priority: "high",
      state: "active_unacknowledged",
      raised_at: "2026-11-22T10:00:00Z",
      held: null,
      ...rest,
    }) as Alarm;
  it("do not count as work, and do not vanish", () => {
    const all = [alarm({}), alarm({ id: "b", held: "shelved" }), alarm({ id: "c", held: "out_of_service" })];
    expect(countAlarms(all)).toMatchObject({ open: 1, active: 1, unacknowledged: 1 });
    const inbox = all.filter((one) => !isHeld(one));
    expect(inbox.length + all.filter(isHeld).length).toBe(all.length);
  });
  it("that wait for a reset come after what wants to be seen", () => {
    const order = inboxOrder([
      alarm({ id: "latched", state: "returned_latched" }),
      alarm({ id: "unseen", state: "returned_unacknowledged", priority: "low" }),
    ]);
    expect(order.map((one) => one.id)).toEqual(["unseen", "latched"]);
  });
});
