# Writes site.toml and profiles/rig.toml into $WORKDIR for what the rig asks of its peers: uint16 holding
# registers from 0 on, points p000.., devices dev00.. . Sourced by both peers.
mkdir -p "$WORKDIR/profiles" && cd "$WORKDIR"
{
  if [ -n "$INGEST" ]; then access='mqtt = { topic = "in/{device}", format = "json", time = "$.ts" }'; else access='modbus = {}'; fi
  printf '[profile]\nid = "rig"\nname = "Rig"\nsource = "generic: made up for a benchmark"\n%s\n' "$access"
  for ((i = 0; i < N_REG; i++)); do
    if [ -n "$INGEST" ]; then where=$(printf 'field = "$.p%03d"' $i); else where="register = { table = \"holding\", address = $i, type = \"u16\" }"; fi
    printf '\n[[point]]\nid = "p%03d"\nname = "Point %d"\nparameter = "count"\nunit = "1"\ndecimals = 0\n%s\n' $i $i "$where"
  done
} > profiles/rig.toml
interval=$((PERIOD_US / 1000))
link() { printf '\n[[link]]\nid = "%s"\ntransport = { %s }\n' "$1" "$2"; }
device() { # id, link, unit id (empty: none), interval
  printf '\n[[device]]\nid = "%s"\nprofile = "rig"\nlink = "%s"\narea = "hall"\nrole = "bench"\nscan_interval_ms = %d\n' "$1" "$2" "$4"
  if [ -n "$3" ]; then printf 'unit_id = %d\n' "$3"; fi
}
tcp() { printf 'modbus_tcp = { host = "127.0.0.1", port = %d }' "$1"; }
{
  printf '[site]\nid = "rig"\ntime_zone = "Asia/Shanghai"\n\n[web]\nlisten = "127.0.0.1:%d"\n' $((MQTT_PORT + 100))
  printf '\n[[area]]\nid = "hall"\nkind = "hospital_wastewater"\npacks = []\n'
  if [ -n "$INGEST" ]; then
    link broker "mqtt = { host = \"127.0.0.1\", port = $MQTT_PORT }"
    for ((d = 0; d < 50; d++)); do device "$(printf dev%02d $d)" broker "" 1000; done
  elif [ -n "$UNITS" ]; then
    link bridge "$(tcp "$SIM_BASE")"
    for ((u = 1; u <= UNITS; u++)); do device "$(printf dev%02d $u)" bridge $u $interval; done
  else
    for ((d = 0; d < N_DEV; d++)); do
      link "l$d" "$(tcp $((SIM_BASE + d)))"
      device "$(printf dev%02d $d)" "l$d" 1 $interval
    done
  fi
} > site.toml
: "${WEIR:?the weir binary that is to be measured}"
