# Runs in busybox's shell, inside the network of one container (or of the host).
#
# In PROBES, one a line: number|kind|host|port|want|within|path|status, `within` in hundredths of a second.
# CONTAINS_<number> is a text that a web server's answer must hold. Each line of output is "R number word rest" (what came
# of a probe; "H number word rest" where its addresses are from /etc/hosts) or "L address:port" (a listening socket, in the
# kernel's hexadecimal).

# Processes are what it costs: thousands of probes run at once on a small machine, so functions leave their answers in
# variables (each probe is a shell of its own), and no program runs where the shell itself can do.

# nc tells by its words why it could not connect.
reason() { # what nc said; the answer is in $word
    case $1 in
        *refused*) word=refused ;;
        *unreachable* | *"No route"*) word=unreachable ;;
        *) word=timeout ;;
    esac
}

# The addresses of a name: from /etc/hosts, or else as the container's resolver says, which may hang.
lookup() { # the answer is in $addresses, and in $letter where it is from
    addresses=
    letter=R
    case $host in
        *:*) addresses=$host; return ;;
        *[!0-9.]*) ;;
        *) addresses=$host; return ;;
    esac
    while read -r address names; do
        for known in $names; do
            if [ "$known" = "$host" ]; then addresses="$addresses $address"; fi
        done
    done <<END
$HOSTS
END
    if [ -n "$addresses" ]; then letter=H; return; fi
    for type in $FAMILIES; do
        said=$(nslookup -timeout=2 -retry=1 -type="$type" "$host" 2>/dev/null </dev/null)
        case $said in *Name:*) ;; *) continue ;; esac
        last=
        for part in ${said#*Name:}; do # "Address: 172.18.0.2", in older ones "Address 1: 172.18.0.2 name"
            case $last in Address: | [0-9]:) addresses="$addresses $part" ;; esac
            last=$part
        done
    done
}

tcp() { # address port
    if said=$(nc -w 1 "$1" "$2" -e true 2>&1 </dev/null); then word=ok; else reason "$said"; fi
}

reach() { # address
    if said=$(ping -c 1 -W 1 "$1" 2>&1); then word=ok; else
        case $said in *unreachable*) word=unreachable ;; *) word=timeout ;; esac
    fi
}

# A published port: the engine's proxy accepts before it knows whether anybody listens inside, and then closes at once.
# One who answers sends something, or waits for a word of ours.
served() { # address port
    file=/tmp/$number
    rm -f "$file" "$file".*
    timeout 4 nc -w 2 "$1" "$2" -e sh -c "timeout 1 head -c 1 >$file 2>/dev/null; echo \$? >$file.code" 2>"$file.said" </dev/null
    if [ -s "$file" ]; then word=ok
    elif [ ! -s "$file.code" ]; then reason "$(cat "$file.said")"
    elif [ "$(cat "$file.code")" -ge 124 ]; then word=ok
    else word=empty
    fi
}

web() { # address port
    file=/tmp/$number
    rm -f "$file" "$file".*
    eval "contains=\${CONTAINS_$number-}"
    HOST=$host PATH_=$path timeout 6 nc -w 2 "$1" "$2" -e sh -c "
        printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: netdeploy\r\nAccept: */*\r\nConnection: close\r\n\r\n' \
            \"\$PATH_\" \"\$HOST\"; head -c 65536 >$file" 2>"$file.said" </dev/null
    if [ ! -e "$file" ]; then reason "$(cat "$file.said")"; return; fi
    if [ ! -s "$file" ]; then word=empty; return; fi
    got=$(head -n 1 "$file" | tr -d '\r' | cut -d ' ' -f 2)
    if [ "$got" != "$status" ]; then word="status $got"
    elif [ -n "$contains" ] && ! grep -qF -- "$contains" "$file"; then word=lacks
    else word=ok
    fi
}

once() {
    lookup
    if [ -z "$addresses" ]; then answer=unresolved; return; fi
    if [ "$kind" = lookup ]; then answer="ok $addresses"; return; fi
    for address in $addresses; do
        case $kind in
            tcp) tcp "$address" "$port" ;;
            ping) reach "$address" ;;
            served) served "$address" "$port" ;;
            http) web "$address" "$port" ;;
        esac
        answer="$word $address"
        [ "$word" != ok ] || return
    done
}

as_wanted() {
    case $want-$answer in
        yes-ok* | no-[!o]* | apart-[!or]*) return 0 ;;
        *) return 1 ;;
    esac
}

clock() { # the answer is in $now, in hundredths of a second
    read -r now rest </proc/uptime
    now=${now%.*}${now#*.}
}

probe() {
    clock
    end=$((now + within))
    while :; do
        once
        if as_wanted; then break; fi
        clock
        if [ "$now" -ge "$end" ]; then break; fi
        sleep 0.5
    done
    echo "$letter $number $answer"
}

awk '$4 == "0A" { print "L", $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
HOSTS=$(sed 's/#.*//' /etc/hosts | tr A-Z a-z)
printf '%s\n' "$PROBES" | {
    running=0
    while IFS='|' read -r number kind host port want within path status; do
        probe </dev/null &
        running=$((running + 1))
        if [ $((running % 256)) -eq 0 ]; then wait; fi
    done
    wait
}
