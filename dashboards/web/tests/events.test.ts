// The live channel, on a clock of our own: how soon a loss is noticed, and that it comes back.

import { beforeEach, describe, expect, it } from "vitest";
import { Channel, type EventName, type Source, type Surroundings } from "../src/api/events";

type Handler = (event: { data?: string }) => void;

class FakeSource implements Source {
  closed = false;
  readonly handlers = new Map<string, Handler>();
  addEventListener(name: string, handler: Handler): void {
    this.handlers.set(name, handler);
  }
  close(): void {
    this.closed = true;
  }
  fire(name: string, data?: unknown): void {
    this.handlers.get(name)?.(data === undefined ? {} : { data: JSON.stringify(data) });
  }
}

class World implements Surroundings {
  time = 0;
  sources: FakeSource[] = [];
  timers: { at: number; action: () => void; gone: boolean }[] = [];
  /** What /healthz does: answer, refuse, or say nothing until the deadline. */
  health: "answers" | "refuses" | "silent" = "answers";

  open(): Source {
    const source = new FakeSource();
    this.sources.push(source);
    return source;
  }
  probe(deadline: number): Promise<unknown> {
    if (this.health === "answers") return Promise.resolve();
    if (this.health === "refuses") return Promise.reject(new Error("refused"));
    return new Promise((_, reject) => this.after(deadline, () => reject(new Error("late"))));
  }
  now(): number {
    return this.time;
  }
  after(ms: number, action: () => void): () => void {
    const timer = { at: this.time + ms, action, gone: false };
    this.timers.push(timer);
    return () => (timer.gone = true);
  }
  get current(): FakeSource {
    const source = this.sources.at(-1);
    if (!source) throw new Error("no source");
    return source;
  }
  /** Lets time pass in small steps; promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    while (this.time < end) {
      this.time += 50;
      for (const timer of this.timers.filter((one) => !one.gone && one.at <= this.time)) {
        timer.gone = true;
        timer.action();
      }
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
  }
}

let world: World;
let said: string[];
let channel: Channel;

beforeEach(() => {
  world = new World();
  said = [];
  channel = new Channel(
    {
      opened: () => said.push("opened"),
      lost: () => said.push(`lost@${world.time}`),
      event: (name: EventName, data: unknown) => said.push(`${name}:${JSON.stringify(data)}`),
    },
    world,
  );
  channel.start();
});

const lostAt = () => Number(said.find((one) => one.startsWith("lost"))?.slice(5) ?? Number.NaN);

describe("a standing channel", () => {
  it("hands on events, and survives one that cannot be read", () => {
    world.current.fire("open");
    world.current.fire("samples", [{ point: "a" }]);
    world.current.handlers.get("alarm")?.({ data: "{broken" });
    world.current.fire("reset");
    expect(said).toEqual(["opened", 'samples:[{"point":"a"}]', "reset:null"]);
  });
  it("is not lost because nothing happens, as long as the gateway answers", async () => {
    world.current.fire("open");
    await world.pass(20_000);
    expect(said).toEqual(["opened"]);
  });
  it("is opened anew, quietly, when it stays mute for long", async () => {
    world.current.fire("open");
    while (world.sources.length === 1 && world.time < 60_000) await world.pass(100);
    expect(world.time).toBeLessThan(35_000);
    world.current.fire("open");
    await world.pass(3000);
    expect(said).toEqual(["opened", "opened"]);
  });
});

describe("a loss", () => {
  it("is noticed within five seconds when the gateway is killed", async () => {
    world.current.fire("open");
    world.health = "refuses";
    world.current.fire("error");
    await world.pass(5000);
    expect(lostAt()).toBeLessThanOrEqual(5000);
  });
  it.each(["silent", "refuses"] as const)(
    "is noticed within five seconds when the cable is cut (%s)",
    async (health) => {
      world.current.fire("open");
      world.health = health;
      await world.pass(5000);
      expect(lostAt()).toBeLessThanOrEqual(5000);
    },
  );
  it("is not cried at a hiccup", async () => {
    world.current.fire("open");
    world.current.fire("error");
    await world.pass(600);
    world.current.fire("open");
    await world.pass(3000);
    expect(said).toEqual(["opened", "opened"]);
  });
  it("is said once, and ends by itself", async () => {
    world.current.fire("open");
    world.current.fire("error");
    for (let i = 0; i < 10; i += 1) {
      await world.pass(2000);
      world.current.fire("error");
    }
    expect(said.filter((one) => one.startsWith("lost"))).toHaveLength(1);
    for (let i = 0; i < 20 && !channel.standing; i += 1) {
      await world.pass(500);
      world.current.fire("open");
    }
    expect(said.at(-1)).toBe("opened");
    expect(channel.standing).toBe(true);
  });
  it("is noticed when there never was a connection", async () => {
    for (let i = 0; i < 4; i += 1) {
      world.current.fire("error");
      await world.pass(1000);
    }
    expect(lostAt()).toBeLessThanOrEqual(5000);
  });
  it("is noticed when connecting just hangs", async () => {
    await world.pass(4000);
    expect(lostAt()).toBeLessThanOrEqual(4000);
  });
  it("listens to no stream that was given up", async () => {
    world.current.fire("open");
    const old = world.current;
    old.fire("error");
    await world.pass(500);
    expect(old.closed).toBe(true);
    old.fire("samples", []);
    expect(said).toEqual(["opened"]);
  });
});
