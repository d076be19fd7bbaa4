# A Modbus server by pymodbus: "tcp PORT", "rtu DEVICE" (a serial port), "rtu-over-tcp PORT",
# "tls PORT" (with server.pem, server.key and ca.pem of the folder it runs in; clients need a
# certificate of that authority), or "dial-in PORT" (a modem that connects to PORT, says
# "PUMP0001", and sends the byte FE now and then). Unit 3 is a chlorine analyser, unit 5 a pH
# meter, both with the generic maps. Every request looks into a file first, so that a test sets
# the values: "trc ph". A second file may name a fault that answers suffer from: "delay", "drop",
# "corrupt", "truncate", "mixed" (each answer one of them, or none, at random) or "none".
import asyncio
import random
import ssl
import struct
import sys
import time
from pathlib import Path

from pymodbus import FramerType
from pymodbus.server import (
    ModbusTcpServer,
    StartAsyncSerialServer,
    StartAsyncTcpServer,
    StartAsyncTlsServer,
)
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
    here = ("127.0.0.1", 0 if transport == "rtu" else int(address))
    if transport == "tcp":
        await StartAsyncTcpServer(devices, address=here, **hooks)
    elif transport == "rtu-over-tcp":
        await StartAsyncTcpServer(devices, address=here, framer=FramerType.RTU, **hooks)
    elif transport == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        context.load_verify_locations("ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        framer = FramerType.SOCKET
        await StartAsyncTlsServer(devices, address=here, framer=framer, sslctx=context, **hooks)
    elif transport == "dial-in":
        server = ModbusTcpServer(devices, address=("127.0.0.1", 0), framer=FramerType.RTU, **hooks)
        await server.serve_forever(background=True)
        inside = server.transport.sockets[0].getsockname()[1]
        await dial_in(int(address), inside)
    else:
        await StartAsyncSerialServer(devices, port=address, baudrate=9600, **hooks)


async def dial_in(gateway, inside):
    """A transparent modem: says who it is, then carries bytes both ways."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway)
        except OSError:
            await asyncio.sleep(0.2)
            continue
        device_reader, device_writer = await asyncio.open_connection("127.0.0.1", inside)
        writer.write(b"PUMP0001")

        async def carry(source, sink):
            while data := await source.read(1024):
                sink.write(data)

        async def beat():
            while True:
                await asyncio.sleep(0.7)
                writer.write(b"\xfe")

        parts = [carry(reader, device_writer), carry(device_reader, writer), beat()]
        tasks = [asyncio.ensure_future(part) for part in parts]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        writer.close()
        device_writer.close()


asyncio.run(main(*sys.argv[1:]))
