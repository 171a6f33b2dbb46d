#!/usr/bin/env bash
# A newer Docker engine beside Debian stable's own, for tests on both.
#
#   newer-engine.sh start [DOCKERD FLAG…]   make its root folder (once, from Debian's testing suite) and start it
#   newer-engine.sh run COMMAND…            run a command where that engine's published ports are, with DOCKER_HOST set
#   newer-engine.sh stop                    end it
#
# Needs root on Debian. The engine has a root folder and a network namespace of its own, so that it and another engine
# don't fight over docker0 and the firewall's chains. Everything it prints goes to stderr.
set -euo pipefail

suite=testing
root=/var/lib/netdeploy-newer-engine
run=/run/netdeploy-newer-engine
log=/var/log/netdeploy-newer-engine.log
socket=$run/socket/docker.sock

say() { printf 'newer engine: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
alive() { [ -f "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; }

# The mirror that apt itself uses on this machine.
mirror() {
    local site
    site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 -E '/debian/?$') || true
    [ -n "$site" ] || die "apt knows no Debian mirror. Name one: MIRROR=… newer-engine.sh start"
    printf '%s\n' "$site"
}

make_root() {
    [ -f "$root/complete" ] && return
    if ! command -v debootstrap >/dev/null; then
        say "installing debootstrap"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >"$log" 2>&1 ||
            { tail -n 15 "$log" >&2; die "apt-get could not install debootstrap; its last words are above."; }
    fi
    say "installing Debian $suite with its docker.io into $root (once; about a minute)"
    rm -rf "$root"
    debootstrap --variant=minbase --include=docker.io,iptables,iproute2,ca-certificates "$suite" "$root" \
        "${MIRROR:-$(mirror)}" >"$log" 2>&1 ||
        { tail -n 15 "$log" >&2; die "debootstrap failed; its last words are above."; }
    touch "$root/complete"
}

# In its own mount namespace, with the folder as its root: with a plain chroot the engine can't import images.
enter_root='
set -e
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/engine" "$root/old"
mount --bind "$run/socket" "$root/run/engine"
mount --rbind /tmp "$root/tmp"
ip link set lo up
cd "$root"
pivot_root . old
umount -l /old
rm -f /var/run/docker.pid
exec dockerd -H unix:///run/engine/docker.sock "$@"
'

answers() { DOCKER_HOST=unix://$socket docker version >/dev/null 2>&1; }

start() {
    [ "$(id -u)" = 0 ] || die "this needs root"
    command -v docker >/dev/null || die "the docker command is missing; engine.sh start installs it"
    alive && answers && return
    make_root
    mkdir -p "$run/socket"
    rm -f "$socket"
    say "starting dockerd (its log: $log)"
    root=$root run=$run setsid nohup unshare --mount --net bash -c "$enter_root" dockerd "$@" >"$log" 2>&1 </dev/null &
    echo $! >"$run/pid"
    local _
    for _ in $(seq 1 120); do
        answers && { say "Docker engine $(DOCKER_HOST=unix://$socket docker version --format '{{.Server.Version}}') answers"; return; }
        alive || break
        sleep 0.5
    done
    tail -n 15 "$log" >&2
    die "dockerd did not come up within a minute; its last words are above."
}

stop() {
    alive || return 0
    local pid
    pid=$(cat "$run/pid")
    kill "$pid"
    for _ in $(seq 1 60); do alive || break; sleep 0.5; done
    rm -f "$run/pid"
}

case ${1:-} in
    start) shift; start "$@" ;;
    run) shift; alive || die "it does not run"; DOCKER_HOST=unix://$socket exec nsenter --net="/proc/$(cat "$run/pid")/ns/net" "$@" ;;
    stop) stop ;;
    *) die "usage: newer-engine.sh start [DOCKERD FLAG…] | run COMMAND… | stop" ;;
esac
