// The live channel: server-sent events with a watchdog. A socket that dies without a word is found
// by asking /healthz whenever nothing was heard for a while, so that the screen stops calling old
// values live within five seconds. After every loss the owner loads everything anew.

/** The events of /api/v1/events. */
export const EVENT_NAMES = ["samples", "requirement", "verdict", "alarm", "mark", "finding", "revised", "site", "reset"] as const;
export type EventName = (typeof EVENT_NAMES)[number];

/** Nothing heard for this long: ask. */
const SILENCE_MS = 2_000;
/** How long the answer to that may take. */
const PROBE_MS = 1_500;
/** A stream without any event for this long is opened anew, whatever /healthz says. */
const MUTE_MS = 30_000;
/** An attempt to connect that takes this long is given up. */
const CONNECT_MS = 3_000;
/** How often the watchdog looks. */
const TICK_MS = 500;
/** A broken connection that is back this soon was no loss. */
const GRACE_MS = 1_500;
/** Waiting time before the first attempt to connect anew, doubled up to the longest. */
const RETRY_MS = 400;
const RETRY_MAX_MS = 4_000;

/** The part of `EventSource` that is used, so that a test can bring its own. */
export interface Source {
  addEventListener(name: string, listener: (event: { data?: string }) => void): void;
  close(): void;
}

/** The world outside, replaceable in a test. */
export interface Surroundings {
  open(): Source;
  probe(deadline: number): Promise<unknown>;
  now(): number;
  after(ms: number, action: () => void): () => void;
}

export interface Listener {
  /** The connection stands (again): load everything, then trust the events. */
  opened(): void;
  /** The gateway cannot be heard. Said once for each loss. */
  lost(): void;
  event(name: EventName, data: unknown): void;
}

export const browser: Surroundings = {
  open: () => new EventSource("/api/v1/events") as unknown as Source,
  probe: (deadline) => fetch("/healthz", { signal: AbortSignal.timeout(deadline), cache: "no-store" }),
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

export class Channel {
  readonly #world: Surroundings;
  readonly #listener: Listener;
  #source: Source | null = null;
  /** Last sign of life of the gateway, and last event of this stream. */
  #heard = 0;
  #lastEvent = 0;
  #attempts = 0;
  #standing = false;
  #lost = false;
  #probing = false;
  #cancelRetry: () => void = () => {};
  #cancelGrace: () => void = () => {};
  #cancelTick: () => void = () => {};

  constructor(listener: Listener, world: Surroundings = browser) {
    this.#listener = listener;
    this.#world = world;
  }

  /** Whether the stream is open at this moment. */
  get standing(): boolean {
    return this.#standing;
  }

  start(): void {
    this.#connect();
    this.#tick();
  }

  stop(): void {
    this.#source?.close();
    this.#cancelRetry();
    this.#cancelGrace();
    this.#cancelTick();
  }

  /** Looks at once, e.g. when a laptop wakes up. */
  check(): void {
    if (this.#standing) this.#watch(0);
    else this.#reconnect(0);
  }

  #connect(): void {
    const source = this.#world.open();
    this.#source = source;
    this.#heard = this.#lastEvent = this.#world.now();
    source.addEventListener("open", () => {
      if (source === this.#source) this.#onOpen();
    });
    source.addEventListener("error", () => {
      if (source === this.#source) this.#onError();
    });
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.#heard = this.#lastEvent = this.#world.now();
        const data = parse(event.data);
        if (data !== undefined) this.#listener.event(name, data);
      });
    }
  }

  #onOpen(): void {
    this.#heard = this.#lastEvent = this.#world.now();
    this.#attempts = 0;
    this.#standing = true;
    this.#lost = false;
    this.#cancelGrace();
    this.#listener.opened();
  }

  /** A retry of our own, not the browser's: it would wait three seconds, and give up on a 503. */
  #onError(): void {
    const stood = this.#standing;
    this.#standing = false;
    this.#reconnect(Math.min(RETRY_MS * 2 ** this.#attempts, RETRY_MAX_MS));
    this.#attempts += 1;
    if (stood) this.#cancelGrace = this.#world.after(GRACE_MS, () => this.#giveUp());
    else if (this.#attempts > 2) this.#giveUp();
  }

  #reconnect(wait: number): void {
    this.#source?.close();
    this.#source = null;
    this.#cancelRetry();
    this.#cancelRetry = this.#world.after(wait, () => this.#connect());
  }

  #giveUp(): void {
    if (this.#lost || this.#standing) return;
    this.#lost = true;
    this.#listener.lost();
  }

  #tick(): void {
    this.#cancelTick = this.#world.after(TICK_MS, () => {
      this.#watch(SILENCE_MS);
      this.#tick();
    });
  }

  #watch(silence: number): void {
    const quiet = this.#world.now() - this.#heard;
    if (!this.#standing) {
      if (this.#source !== null && quiet >= CONNECT_MS) this.#drop();
    } else if (!this.#probing && quiet >= silence) {
      this.#probing = true;
      void this.#probe();
    }
  }

  async #probe(): Promise<void> {
    const source = this.#source;
    const answered = await this.#world.probe(PROBE_MS).then(
      () => true,
      () => false,
    );
    this.#probing = false;
    if (source !== this.#source || !this.#standing) return;
    if (!answered) {
      this.#drop();
      return;
    }
    this.#heard = this.#world.now();
    if (this.#heard - this.#lastEvent >= MUTE_MS) this.#onError();
  }

  /** The gateway does not answer: say so, and try again. */
  #drop(): void {
    this.#standing = false;
    this.#giveUp();
    this.#reconnect(0);
  }
}

function parse(data: string | undefined): unknown {
  if (data === undefined || data === "") return null;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // One unreadable event must not end the stream; the next load puts it right.
    return undefined;
  }
}
