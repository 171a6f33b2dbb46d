#!/usr/bin/env bash
# Engines for the tests: as many as are wanted, each with folders and a network of its own, so that they never meet.
#
#   test-engines.sh install GENERATION…              what these generations need: `stable`, `testing`
#   test-engines.sh start GENERATION NAME            start one, and print "PID SOCKET" of the engine of that name
#   test-engines.sh run GENERATION NAME COMMAND…     run a command beside it: its published ports, and DOCKER_HOST set
#   test-engines.sh stop [GENERATION NAME]           end that one, or all that were started from this folder
#
# `stable` is the dockerd of this machine, `testing` the one of Debian testing, in a root folder of its own. Needs root on
# Debian or Ubuntu. Their data lives in memory: the tests wait for disks longer than for anything else. Everything but the
# answer of `start` goes to stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Two folders with the project in them have engines of their own.
state=/run/netdeploy-test-engines/$(printf '%s' "$here" | cksum | cut -d ' ' -f 1)
testing_root=/var/lib/netdeploy-newer-engine
# Unknown names fail at once inside a test engine's containers, and no query leaves the machine.
flags=(--dns 127.0.0.1 --shutdown-timeout 1)

say() { printf 'test engine: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
alive() { [ -f "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }
answers() { [ -S "$1/socket/docker.sock" ] && DOCKER_HOST=unix://$1/socket/docker.sock timeout 5 docker version >/dev/null 2>&1; }

# The mirror that apt itself uses on this machine.
mirror() {
    local site
    site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$') || true
    [ -n "$site" ] || die "apt knows no Debian mirror. Name one: MIRROR=… test-engines.sh install testing"
    printf '%s\n' "$site"
}

install_testing() {
    [ -f "$testing_root/complete" ] && return
    local log=/var/log/netdeploy-newer-engine.log
    if ! command -v debootstrap >/dev/null; then
        say "installing debootstrap"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >"$log" 2>&1 ||
            { tail -n 15 "$log" >&2; die "apt-get could not install debootstrap; its last words are above."; }
    fi
    say "installing Debian testing with its docker.io into $testing_root (once; about a minute)"
    rm -rf "$testing_root"
    debootstrap --variant=minbase --include=docker.io,iptables,iproute2,ca-certificates testing "$testing_root" \
        "${MIRROR:-$(mirror)}" >"$log" 2>&1 ||
        { tail -n 15 "$log" >&2; die "debootstrap failed; its last words are above."; }
    touch "$testing_root/complete"
}

install() {
    [ "$(id -u)" = 0 ] || die "engines for the tests need root"
    "$here/engine.sh" install
    command -v nft >/dev/null || { # to break networks with, and to see what breaks them
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nftables
    } >&2 || die "apt-get could not install nftables"
    for generation in "$@"; do
        [ "$generation" != testing ] || install_testing
    done
}

# In mounts of its own, and for `testing` with the folder as its root: with a plain chroot the engine can't import images.
enter_stable='
set -e
mount --make-rprivate /
mount -t tmpfs -o size=4g tmpfs "$own/data"
ip link set lo up 2>/dev/null || ifconfig lo up
exec dockerd -H "unix://$own/socket/docker.sock" --data-root "$own/data" --exec-root "$own/exec" --pidfile "$own/docker.pid" "$@"
'
enter_testing='
set -e
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/engine" "$root/old" "$root/var/lib/docker"
mount -t tmpfs -o size=4g tmpfs "$root/var/lib/docker"
mount --bind "$own/socket" "$root/run/engine"
mount --rbind /tmp "$root/tmp"
ip link set lo up
cd "$root"
pivot_root . old
umount -l /old
exec dockerd -H unix:///run/engine/docker.sock "$@"
'

start() {
    local generation=$1 own=$state/$2-$1 enter
    case $generation in
        stable) enter=$enter_stable ;;
        testing) enter=$enter_testing ;;
        *) die "there is no generation '$generation': stable, testing" ;;
    esac
    if ! { alive "$own" && answers "$own"; }; then
        [ "$(id -u)" = 0 ] || die "engines for the tests need root"
        alive "$own" && end "$own"
        rm -rf "$own"
        mkdir -p "$own"/{socket,data,exec}
        own=$own root=$testing_root setsid nohup unshare --mount --net bash -c "$enter" dockerd "${flags[@]}" >"$own/log" 2>&1 </dev/null &
        echo $! >"$own/pid"
        local _
        for _ in $(seq 1 240); do
            answers "$own" && break
            alive "$own" || { tail -n 15 "$own/log" >&2; die "dockerd ended; its last words are above."; }
            sleep 0.25
        done
        answers "$own" || { tail -n 15 "$own/log" >&2; end "$own"; die "dockerd did not come up within a minute; its last words are above."; }
    fi
    echo "$(cat "$own/pid") $own/socket/docker.sock"
}

run() {
    local own=$state/$2-$1 pid socket
    read -r pid socket < <(start "$1" "$2")
    shift 2
    DOCKER_HOST=unix://$socket exec nsenter --net="/proc/$pid/ns/net" "$@"
}

end() {
    alive "$1" || return 0
    local pid _
    pid=$(cat "$1/pid")
    kill "$pid"
    for _ in $(seq 1 60); do alive "$1" || break; sleep 0.25; done
    kill -9 "$pid" 2>/dev/null || true
}

stop() {
    local own
    if [ $# = 2 ]; then
        end "$state/$2-$1"
        return
    fi
    [ -d "$state" ] || return 0
    for own in "$state"/*/; do end "${own%/}" & done
    wait
    rm -rf "$state"
}

case ${1:-} in
    install | stop) "$@" ;;
    start) [ $# = 3 ] || die "usage: test-engines.sh start GENERATION NAME"; "$@" ;;
    run) [ $# -ge 4 ] || die "usage: test-engines.sh run GENERATION NAME COMMAND…"; "$@" ;;
    *) die "usage: test-engines.sh install GENERATION… | start GENERATION NAME | run GENERATION NAME COMMAND… | stop [GENERATION NAME]" ;;
esac
