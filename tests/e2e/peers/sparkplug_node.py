# An edge node by pysparkplug 0.6.1 (paho-mqtt 1.6): group "plant", the node of the second argument,
# with one device "line-1" that has `ph` (Double) and `level` (Int16). It is born, answers a wish for
# a rebirth, publishes a value for each line of stdin ("ph 7.2", "level -3"), leaves on "die", and
# writes a line for everything it has done. (Its death carries the number of the session after: a quirk
# of the library that a host has to live with.)
import itertools
import sys
import time

import pysparkplug as psp

port, name = int(sys.argv[1]), sys.argv[2]
TYPES = {"ph": psp.DataType.DOUBLE, "level": psp.DataType.INT16}


def now():
    return int(time.time() * 1000)


def metric(point, value):
    return psp.Metric(timestamp=now(), name=point, datatype=TYPES[point], value=value)


def publish(node, kind, payload, device=None):
    topic = psp.Topic(message_type=kind, group_id="plant", edge_node_id=name, device_id=device)
    message = psp.Message(topic=topic, payload=payload, qos=psp.QoS.AT_MOST_ONCE, retain=False)
    node._client.publish(message, include_dtypes=True)


# The library leaves commands to its user, and has no call for a rebirth.
def command(node, message):
    if any(m.name == "Node Control/Rebirth" and m.value for m in message.payload.metrics):
        node._EdgeNode__seq_cycler = itertools.cycle(range(256))
        session = psp.Metric(timestamp=now(), name="bdSeq", datatype=psp.DataType.INT64, value=0)
        metrics = (*node.metrics.values(), session)
        publish(node, psp.MessageType.NBIRTH, psp.NBirth(now(), node._seq, metrics))
        for device in node.devices.values():
            metrics = tuple(metric(m.name, m.value) for m in device.metrics.values())
            birth = psp.DBirth(now(), node._seq, metrics)
            publish(node, psp.MessageType.DBIRTH, birth, device.device_id)
        print("reborn", flush=True)


uptime = psp.Metric(timestamp=now(), name="uptime", datatype=psp.DataType.INT64, value=1)
node = psp.EdgeNode("plant", name, [uptime], cmd_callback=command)
node.register(psp.Device("line-1", [metric("ph", 7.0), metric("level", -1)]))
node.connect("127.0.0.1", port=port)
while not node._connected:
    time.sleep(0.01)
print("born", flush=True)
for line in sys.stdin:
    words = line.split()
    if words == ["die"]:
        break
    value = float(words[1]) if words[0] == "ph" else int(words[1])
    node.update_device("line-1", [metric(words[0], value)])
    print("said", *words, flush=True)
node.disconnect()
print("died", flush=True)
