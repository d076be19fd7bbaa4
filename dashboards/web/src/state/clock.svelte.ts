// The gateway's clock, as this screen knows it. It runs on the browser's monotonic clock, so that
// a wrong or stepping wall clock of the browser makes no value look younger or older than it is.

/** Steps of the displayed time. */
const TICK_MS = 1_000;

class GatewayClock {
  /** Gateway time in ms, renewed every second. Reading it makes a text follow the time. */
  now = $state(Date.now());
  #base = Date.now() - performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Gateway time at this moment, not reactive. */
  exact(): number {
    return this.#base + performance.now();
  }

  /** Takes over the gateway's own statement, made `roundTripMs` around the middle ago. */
  sync(gatewayNow: number, roundTripMs: number): void {
    this.#base = gatewayNow + roundTripMs / 2 - performance.now();
    this.now = this.exact();
  }

  /** A receipt later than our idea of now: we are behind (e.g. the machine slept). */
  atLeast(gatewayTime: number): void {
    if (gatewayTime > this.exact()) this.#base = gatewayTime - performance.now();
  }

  start(): void {
    const step = () => {
      this.now = this.exact();
      // Aligned to the full second, so that all texts change together and with the wall clock.
      this.#timer = setTimeout(step, TICK_MS - (this.now % TICK_MS));
    };
    step();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

export const clock = new GatewayClock();
