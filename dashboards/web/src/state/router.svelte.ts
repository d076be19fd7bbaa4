// The address bar as state: links are ordinary links, this catches the click.

import { parsePath, withQuery } from "./routes";

class Router {
  path = $state("/");
  search = $state("");
  readonly route = $derived(parsePath(this.path));
  readonly query = $derived(new URLSearchParams(this.search));

  start(): void {
    this.#read();
    window.addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#onClick(event));
  }

  go(href: string): void {
    const before = this.path;
    history.pushState(null, "", href);
    this.#read();
    if (this.path !== before) window.scrollTo(0, 0);
  }

  /** Changes the query in place: going back leads out of the view, not through every click. */
  set(changes: Record<string, string | null>): void {
    history.replaceState(null, "", this.path + withQuery(this.search, changes));
    this.#read();
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin)
      return;
    if (link.dataset.external !== undefined) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
