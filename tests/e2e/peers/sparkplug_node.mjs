// An edge node by npm's sparkplug-client: `node sparkplug_node.mjs PORT FILE`. Node "plant/pump-room"
// with the device "probe"; the file says pH and temperature, and every change of it is published.
// Lines on standard output say what the host asked for.
import { readFileSync } from "node:fs";
import sparkplug from "sparkplug-client";

const [port, path] = process.argv.slice(2);
const read = () => readFileSync(path, "utf8").trim().split(/\s+/).map(Number);

const client = sparkplug.newClient({
  serverUrl: `tcp://127.0.0.1:${port}`,
  username: "",
  password: "",
  groupId: "plant",
  edgeNode: "pump-room",
  clientId: "pump-room",
  version: "spBv1.0",
  publishDeath: true,
});

function metrics([ph, temperature]) {
  return [
    { name: "water/ph", value: ph, type: "float" },
    { name: "water/temperature", value: temperature, type: "double" },
    { name: "pump/running", value: true, type: "boolean" },
  ];
}

let last = "";

client.on("birth", () => {
  console.log("birth");
  const timestamp = Date.now();
  client.publishNodeBirth({
    timestamp,
    metrics: [{ name: "Node Control/Rebirth", type: "boolean", value: false }],
  });
  client.publishDeviceBirth("probe", { timestamp, metrics: metrics(read()) });
});
client.on("ncmd", (payload) => {
  console.log(`ncmd ${payload.metrics.map((metric) => metric.name).join(" ")}`);
  if (payload.metrics.some((metric) => metric.name === "Node Control/Rebirth")) {
    client.emit("birth");
  }
});
client.on("error", (error) => console.error(String(error)));

setInterval(() => {
  const now = readFileSync(path, "utf8");
  if (now === last) return;
  last = now;
  client.publishDeviceData("probe", { timestamp: Date.now(), metrics: metrics(read()) });
}, 200);

process.on("SIGTERM", () => {
  client.stop();
  setTimeout(() => process.exit(0), 300);
});
