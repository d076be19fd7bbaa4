# A Modbus server by pymodbus (TCP, or RTU on a serial port): unit 3 is a chlorine analyser, unit 5 a
# pH meter, both with the generic maps. Values are read from a file once a second, so that a test
# sets them: "trc ph".
import asyncio
import struct
import sys

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer


def cdab(value):
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


def device():
    return ModbusDeviceContext(
        di=ModbusSequentialDataBlock(1, [0] * 32),
        co=ModbusSequentialDataBlock(1, [0] * 32),
        hr=ModbusSequentialDataBlock(1, [0] * 32),
        ir=ModbusSequentialDataBlock(1, [0] * 32),
    )


async def follow(path, chlorine, ph):
    while True:
        with open(path, encoding="ascii") as file:
            trc, acid = (float(word) for word in file.read().split())
        chlorine.setValues(4, 0, cdab(trc) + [0, 0] + cdab(21.5))
        ph.setValues(3, 0, [round(acid * 100), 215])
        await asyncio.sleep(0.2)


async def main(transport, address, path):
    chlorine, ph = device(), device()
    context = ModbusServerContext(devices={3: chlorine, 5: ph}, single=False)
    asyncio.get_running_loop().create_task(follow(path, chlorine, ph))
    if transport == "tcp":
        await StartAsyncTcpServer(context, address=("127.0.0.1", int(address)))
    else:
        await StartAsyncSerialServer(context, port=address, baudrate=9600)


asyncio.run(main(*sys.argv[1:]))
