# A Modbus server by pymodbus (TCP, or RTU on a serial port): unit 3 is a chlorine analyser, unit 5 a
# pH meter, both with the generic maps. Every request looks into a file first, so that a test sets
# the values: "trc ph". A second file may name a fault that answers suffer from: "delay", "drop",
# "corrupt", "truncate", "mixed" (each answer one of them, or none, at random) or "none".
import asyncio
import random
import struct
import sys
import time
from pathlib import Path

from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

SIZE = 32


def cdab(value):
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


def device(unit, path, registers_of):
    async def answer(_function, start, _address, _count, registers, _new):
        with open(path, encoding="ascii") as file:
            trc, acid = (float(word) for word in file.read().split())
        for offset, value in enumerate(registers_of(trc, acid)):
            registers[offset - start] = value

    block = [SimData(0, values=[0] * SIZE, datatype=DataType.REGISTERS)]
    return SimDevice(unit, block, action=answer)


FAULTS = ["delay", "drop", "corrupt", "truncate"] + ["none"] * 8
# What a test sees must not depend on luck.
DICE = random.Random(1)
# Bytes before the data of a Modbus TCP answer. There is no checksum over what follows them, so
# damage there is the kernel's business, and cannot be seen by any client.
TCP_HEAD = 9


def spoil(transport, path):
    def packet(sending, data):
        fault = Path(path).read_text(encoding="ascii").strip()
        if not sending or fault == "none":
            return data
        if fault == "mixed":
            fault = DICE.choice(FAULTS)
        if fault == "delay":
            time.sleep(0.6)
        if fault == "drop":
            return b""
        if fault == "truncate":
            return data[: DICE.randrange(1, len(data))]
        if fault == "corrupt":
            at = DICE.randrange(TCP_HEAD if transport == "tcp" else len(data))
            return data[:at] + bytes([data[at] ^ (1 << DICE.randrange(8))]) + data[at + 1 :]
        return data

    return packet


async def main(transport, address, path, faults=None):
    devices = [
        device(3, path, lambda trc, _: cdab(trc) + [0, 0] + cdab(21.5)),
        device(5, path, lambda _, acid: [round(acid * 100), 215]),
    ]
    hooks = {"trace_packet": spoil(transport, faults)} if faults else {}
    if transport == "tcp":
        await StartAsyncTcpServer(devices, address=("127.0.0.1", int(address)), **hooks)
    else:
        await StartAsyncSerialServer(devices, port=address, baudrate=9600, **hooks)


asyncio.run(main(*sys.argv[1:]))
