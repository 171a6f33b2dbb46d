# Runs in busybox's shell, inside the network of one container (or of the host).
#
# In PROBES, one a line: number|kind|host|port|want|tries|path|status. CONTAINS_<number> is a text that a web server's
# answer must hold. Each line of output is "R number word rest" (what came of a probe) or "L address:port" (a listening
# socket, in the kernel's hexadecimal).

# nc tells by its words why it could not connect.
reason() {
    case $1 in
        *refused*) echo refused ;;
        *unreachable* | *"No route"*) echo unreachable ;;
        *) echo timeout ;;
    esac
}

# The addresses of a name: from /etc/hosts, or else as the container's resolver says, which may hang.
lookup() {
    case $1 in
        *[!0-9.]*) ;;
        *) echo "$1"; return ;;
    esac
    case $1 in *:*) echo "$1"; return ;; esac
    known=$(awk -v wanted="$1" 'BEGIN { wanted = tolower(wanted) }
        !/^#/ { for (i = 2; i <= NF; i++) if (tolower($i) == wanted) print $1 }' /etc/hosts)
    [ -n "$known" ] || known=$(for type in $FAMILIES; do
        timeout 3 nslookup -type="$type" "$1" 2>/dev/null </dev/null
    done | awk '/^Name:/ { found = 1; next } found && /^Address/ { sub(/^Address( [0-9]+)?: */, ""); print $1 }')
    echo $known
}

tcp() { # address port
    if said=$(timeout 3 nc -w 1 "$1" "$2" -e true 2>&1 </dev/null); then echo ok; else reason "$said"; fi
}

reach() { # address
    if said=$(ping -c 1 -W 1 "$1" 2>&1); then echo ok; else
        case $said in *unreachable*) echo unreachable ;; *) echo timeout ;; esac
    fi
}

# A published port: the engine's proxy accepts before it knows whether anybody listens inside, and then closes at once.
# One who answers sends something, or waits for a word of ours.
served() { # address port
    file=/tmp/$number
    rm -f "$file" "$file".*
    timeout 4 nc -w 2 "$1" "$2" -e sh -c "timeout 1 head -c 1 >$file 2>/dev/null; echo \$? >$file.code" 2>"$file.said" </dev/null
    if [ -s "$file" ]; then echo ok
    elif [ ! -s "$file.code" ]; then reason "$(cat "$file.said")"
    elif [ "$(cat "$file.code")" -ge 124 ]; then echo ok
    else echo empty
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
    if [ ! -s "$file" ]; then echo empty; return; fi
    got=$(head -n 1 "$file" | tr -d '\r' | cut -d ' ' -f 2)
    if [ "$got" != "$status" ]; then echo "status $got"
    elif [ -n "$contains" ] && ! grep -qF -- "$contains" "$file"; then echo lacks
    else echo ok
    fi
}

once() {
    addresses=$(lookup "$host")
    if [ -z "$addresses" ]; then answer=unresolved; return; fi
    if [ "$kind" = lookup ]; then answer="ok $addresses"; return; fi
    for address in $addresses; do
        case $kind in
            tcp) word=$(tcp "$address" "$port") ;;
            ping) word=$(reach "$address") ;;
            served) word=$(served "$address" "$port") ;;
            http) word=$(web "$address" "$port") ;;
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

probe() {
    while :; do
        once
        if as_wanted || [ "$tries" -le 1 ]; then break; fi
        tries=$((tries - 1))
        sleep 0.5
    done
    echo "R $number $answer"
}

awk '$4 == "0A" { print "L", $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
printf '%s\n' "$PROBES" | {
    running=0
    while IFS='|' read -r number kind host port want tries path status; do
        probe </dev/null &
        running=$((running + 1))
        if [ $((running % 64)) -eq 0 ]; then wait; fi
    done
    wait
}
