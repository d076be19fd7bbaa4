// A Modbus TCP server by npm's modbus-serial: `node modbus_server.mjs PORT FILE`. Unit 5 is a pH
// meter with the generic map; the file says its value, and is read for every request.
import { readFileSync } from "node:fs";
import modbus from "modbus-serial";

const [port, path] = process.argv.slice(2);
const registers = () => [Math.round(Number(readFileSync(path, "utf8").trim()) * 100), 215];

function register(address, unit) {
  if (unit !== 5) throw new Error("no such unit");
  return registers()[address] ?? 0;
}

const server = new modbus.ServerTCP(
  {
    getInputRegister: register,
    getHoldingRegister: register,
    getCoil: () => false,
    getDiscreteInput: () => false,
  },
  { host: "127.0.0.1", port: Number(port), unitID: 255, debug: false },
);
server.on("socketError", (error) => console.error(error.message));
server.on("serverError", (error) => console.error(error.message));
