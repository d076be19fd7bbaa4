# Publishes telemetry of a disinfection cabinet by paho-mqtt, QoS 1, one message every few
# milliseconds, and writes a line with the number of each message that the broker acknowledged.
import json
import sys
import time

import paho.mqtt.client as mqtt

port, device, first, count, gap_ms, start_ms = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"node-{device}-{first}")
client.connect("127.0.0.1", int(port))
client.loop_start()
for number in range(first, first + count):
    body = {
        "boot": "b1",
        "seq": number,
        "t": start_ms + number,
        "points": {"chamber_temperature": 20.0 + number % 100, "door_open": False, "heater_power": 0},
    }
    sent = client.publish(f"weir/v1/rig/{device}/telemetry", json.dumps(body), qos=1)
    sent.wait_for_publish(20)
    if sent.is_published():
        print(number, flush=True)
    time.sleep(gap_ms / 1000)
client.loop_stop()
