# A Modbus server by pymodbus (TCP, or RTU on a serial port): unit 3 is a chlorine analyser, unit 5 a
# pH meter, both with the generic maps. Every request looks into a file first, so that a test sets
# the values: "trc ph".
import asyncio
import struct
import sys

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


async def main(transport, address, path):
    devices = [
        device(3, path, lambda trc, _: cdab(trc) + [0, 0] + cdab(21.5)),
        device(5, path, lambda _, acid: [round(acid * 100), 215]),
    ]
    if transport == "tcp":
        await StartAsyncTcpServer(devices, address=("127.0.0.1", int(address)))
    else:
        await StartAsyncSerialServer(devices, port=address, baudrate=9600)


asyncio.run(main(*sys.argv[1:]))
