// A trend as a file. Raw samples have the columns that `weir replay --samples` reads, so that what
// a person saw can be judged again.

import type { Bucket, Sample } from "../api/types";

const number = (value: number | null): string => (value === null ? "" : String(value));

/** `good` is left empty, anything else reads `bad:calibration`. */
export function qualityText(sample: Sample): string {
  if (sample.quality === "good") return "";
  return sample.reason === null ? sample.quality : `${sample.quality}:${sample.reason}`;
}

/** No field of ours contains a comma, a quote or a line break: ids, numbers and times only. */
export function rawCsv(point: string, samples: Sample[]): string {
  const rows = samples.map((sample) =>
    [sample.t, point, number(sample.value), qualityText(sample)].join(","),
  );
  return `${["time,point,value,quality", ...rows].join("\n")}\n`;
}

export function bucketCsv(point: string, buckets: Bucket[]): string {
  const rows = buckets.map((b) =>
    [b.t, point, number(b.min), number(b.mean), number(b.max), b.good, b.not_good].join(","),
  );
  return `${["time,point,min,mean,max,good,not_good", ...rows].join("\n")}\n`;
}

/** A name that says what is in it, and that every file system takes. */
export function csvName(point: string, from: string | undefined): string {
  const safe = point.replaceAll(/[^\w.-]+/g, "_");
  return `${safe}${from === undefined ? "" : `_${from.slice(0, 19).replaceAll(":", "")}Z`}.csv`;
}
