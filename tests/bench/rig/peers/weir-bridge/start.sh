# Weir as a bridge: Modbus or MQTT in, one JSON message a scan out, QoS 0. WEIR: the binary.
. "$(dirname "$0")/site.sh"
exec "$WEIR" bridge site.toml --to "mqtt://127.0.0.1:$MQTT_PORT/out" --log warn
