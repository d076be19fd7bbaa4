# Weir in full: every reading on disk before it counts, judged, served; nothing goes out over MQTT, so points
# are counted by the gateway's own store (STORE in meta.env), and requests by the simulator.
. "$(dirname "$0")/../weir-bridge/site.sh"
exec "$WEIR" run site.toml --log warn
