// Which view an address means. The state of a view (range, selection) stands in the query, so that
// a link shows a colleague the same picture.

export type Route =
  | { view: "overview" }
  | { view: "point"; id: string }
  | { view: "device"; id: string }
  | { view: "alarms" }
  | { view: "compliance" }
  | { view: "gateway" }
  | { view: "unknown" };

/** The views of one thing, by the first part of their address. */
const ONE = new Map<string, "point" | "device">([
  ["points", "point"],
  ["devices", "device"],
]);

export function parsePath(path: string): Route {
  const [first = "", second, ...rest] = path.split("/").filter((part) => part !== "");
  if (first === "") return { view: "overview" };
  const view = ONE.get(first);
  if (view !== undefined && second !== undefined && rest.length === 0) {
    const id = decode(second);
    return id === null ? { view: "unknown" } : { view, id };
  }
  if (second !== undefined) return { view: "unknown" };
  if (first === "alarms" || first === "compliance" || first === "gateway") return { view: first };
  return { view: "unknown" };
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

export const pointPath = (id: string): string => `/points/${encodeURIComponent(id)}`;
export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;

/** The query with some keys set anew; null takes a key away. */
export function withQuery(search: string, changes: Record<string, string | null>): string {
  const parameters = new URLSearchParams(search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(key);
    else parameters.set(key, value);
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
