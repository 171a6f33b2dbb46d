#!/usr/bin/env bash
# A Docker engine on a bare machine.
#
#   engine.sh start [DOCKERD FLAG…]   use the engine that answers; start one only if none does
#   engine.sh stop                    end the engine that `start` started, and only that one
#   engine.sh install                 what an engine needs on this machine, without starting one
#
# Installing and starting needs root on Debian or Ubuntu; everywhere else the script says what to do.
# Everything it prints goes to stderr.
set -euo pipefail

state=/run/netdeploy-engine        # pid of the dockerd this script started
log=/var/log/netdeploy-engine.log

say() { printf 'engine: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# What the engine answers at GET /_ping: "ok", or why it could not be asked ("denied", "none").
ping() {
    python3 - <<'PY'
import http.client, os, socket, urllib.parse

url = urllib.parse.urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
try:
    if url.scheme == "unix":
        connection = http.client.HTTPConnection("localhost", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(5)
        connection.sock.connect(url.path)
    else:
        connection = http.client.HTTPConnection(url.hostname or "localhost", url.port or 2375, timeout=5)
    connection.request("GET", "/_ping")
    print("ok" if connection.getresponse().status == 200 else "none")
except PermissionError:
    print("denied")
except OSError:
    print("none")
PY
}

alive() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null; }

install_packages() {
    local missing=()
    command -v dockerd >/dev/null || missing+=(docker.io)
    command -v iptables >/dev/null || missing+=(iptables)
    command -v busybox >/dev/null || missing+=(busybox-static)
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null ||
        die "this machine lacks ${missing[*]} and has no apt-get. Install Docker as its manual says for your system, then run this again."
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
        { tail -n 15 "$log" >&2; die "apt-get could not install ${missing[*]}; its last words are above."; }
    # newer Debian has the client in a package of its own
    command -v docker >/dev/null || apt-get install -y -qq --no-install-recommends docker-cli >>"$log" 2>&1 || true
}

# A dockerd that was killed leaves pid files and sockets behind, and refuses to start over them.
clear_stale() {
    local file
    for file in /var/run/docker.pid /run/docker/containerd/containerd.pid; do
        [ -f "$file" ] || continue
        alive "$(cat "$file")" && die "$file names the running process $(cat "$file"), yet no engine answers. Look at that process, end it, and run this again."
        say "removing the stale $file"
        rm -f "$file"
    done
    rm -f /var/run/docker.sock
}

start_by_hand() {
    clear_stale
    say "starting dockerd (its log: $log)"
    setsid nohup dockerd "$@" >"$log" 2>&1 </dev/null &
    echo $! >"$state"
}

wait_for_answer() {
    local _
    for _ in $(seq 1 120); do
        [ "$(ping)" = ok ] && return
        if [ -f "$state" ] && ! alive "$(cat "$state")"; then break; fi
        sleep 0.5
    done
    [ -f "$log" ] && tail -n 15 "$log" >&2
    die "dockerd did not come up within a minute; its last words are above."
}

# No registry is needed: a static busybox becomes the image `busybox`, as `docker pull busybox` would give it.
import_busybox() {
    docker image inspect busybox >/dev/null 2>&1 && return
    local root
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,etc,tmp,root,proc,sys,dev}
    cp "$(command -v busybox)" "$root/bin/busybox"
    local applet
    for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
    tar -C "$root" -c . | docker import --change 'CMD ["sh"]' - busybox:latest >/dev/null
    rm -rf "$root"
    say "imported busybox from $(command -v busybox)"
}

start() {
    case $(ping) in
        ok) return ;;
        denied) die "an engine is there, but you may not talk to it. Run as root, or: sudo usermod -aG docker $(id -un), then log in again." ;;
    esac
    [ -z "${DOCKER_HOST:-}" ] || die "DOCKER_HOST is $DOCKER_HOST and nothing answers there. Correct or unset it, then run this again."
    case $(uname -s) in
        Linux) ;;
        *) die "no Docker engine answers. Start Docker Desktop (or colima, OrbStack …), then run this again." ;;
    esac
    [ "$(id -u)" = 0 ] || die "no Docker engine answers, and starting one needs root. Start yours (systemctl start docker), or run: sudo make engine"
    install_packages
    if [ -d /run/systemd/system ]; then
        say "starting docker through systemd"
        systemctl start docker
    else
        start_by_hand "$@"
    fi
    wait_for_answer
    import_busybox
    say "Docker engine $(docker version --format '{{.Server.Version}}') answers"
}

stop() {
    [ -f "$state" ] || return 0
    local pid
    pid=$(cat "$state")
    if alive "$pid" && grep -qa dockerd "/proc/$pid/cmdline"; then
        kill "$pid"
        for _ in $(seq 1 60); do alive "$pid" || break; sleep 0.5; done
    fi
    rm -f "$state"
}

case ${1:-} in
    start) shift; start "$@" ;;
    stop) stop ;;
    install) install_packages ;;
    *) die "usage: engine.sh start [DOCKERD FLAG…] | stop | install" ;;
esac
