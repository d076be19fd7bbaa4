#!/usr/bin/env bash
# Installs what the tests need on Debian: a broker, a time-series database, Modbus peers, a browser
# and Chinese fonts from the distribution; pymodbus and paho-mqtt into a virtual environment;
# modbus-serial and sparkplug-client beside the peers that use them.
# Does nothing where everything is there already.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || packages+=("${@:2}"); }
need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
need victoria-metrics victoria-metrics
need mbpoll mbpoll
need chromium chromium
need cc build-essential
need pkg-config pkg-config
[ -e /usr/include/modbus/modbus.h ] || packages+=(libmodbus-dev)
need socat socat
need curl curl
need valgrind valgrind
fc-list 2>/dev/null | grep -qi 'noto.*cjk' || packages+=(fonts-noto-cjk fontconfig)
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)

if [ ${#packages[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "setup: installing ${packages[*]}"
    "${as_root[@]}" apt-get update -qq
    # Servers are started by the tests, on ports of their own: none is to start by itself.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
        "${as_root[@]}" chmod +x $policy
        trap '"${as_root[@]}" rm -f $policy' EXIT
    fi
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
        "${packages[@]}" >/dev/null
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pymodbus, paho.mqtt' 2>/dev/null; then
    echo "setup: creating tests/.venv with pymodbus and paho-mqtt"
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
fi

if [ ! -d e2e/peers/node_modules/modbus-serial ] || [ ! -d e2e/peers/node_modules/sparkplug-client ]; then
    echo "setup: installing modbus-serial and sparkplug-client"
    # Serial ports in Node are not needed, so nothing is compiled.
    (cd e2e/peers && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
