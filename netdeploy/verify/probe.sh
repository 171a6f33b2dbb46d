# Runs in busybox's shell, inside the network of one container (or of the host).
#
# In PROBES, one a line: number|kind|host|port|want|within|status|behind|target, `within` in hundredths of a second;
# `behind` and `target` are the container's addresses (a comma between two) and port behind a published port.
# PATH_<number> is what to ask a web server for, CONTAINS_<number> a text that its answer must hold. Each line of output is
# "R number word rest" (what came of a probe; "H number word rest" where its addresses are from /etc/hosts),
# "A number bytes" (how a web server's answer began that was not as wanted, in hexadecimal) or
# "L address:port" (a listening socket, in the kernel's hexadecimal).
#
# What a server, a resolver or /etc/hosts says is data, and may mean harm: it is written to no line before it is known to be
# an address or a number, and is no option, pattern or command to any program.
set -f

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

is_address() { # what might be none; what really is one, the reader of the output sees
    case $1 in
        '' | *[!0-9a-fA-F:.]*) return 1 ;;
        *:*) return 0 ;;
        *.*.*.*.* | *[!0-9.]*) return 1 ;;
        [0-9]*.[0-9]*.[0-9]*.[0-9]*) return 0 ;;
        *) return 1 ;;
    esac
}

# The addresses of a name: from /etc/hosts, or else as the container's resolver says, which may hang.
lookup() { # the answer is in $addresses, a space before each, and in $letter where it is from
    addresses=
    letter=R
    case $host in
        *:*) addresses=" $host"; return ;;
        *[!0-9.]*) ;;
        *) addresses=" $host"; return ;;
    esac
    while read -r address names; do
        is_address "$address" || continue
        for known in $names; do
            if [ "$known" = "$host" ]; then addresses="$addresses $address"; fi
        done
    done <<END
$HOSTS
END
    if [ -n "$addresses" ]; then letter=H; return; fi
    case $host in -*) return ;; esac # nslookup would take it for an option, and knows no --
    for type in $FAMILIES; do
        said=$(nslookup -timeout=2 -retry=1 -type="$type" "$host" 2>/dev/null </dev/null)
        case $said in *Name:*) ;; *) continue ;; esac
        last=
        for part in ${said#*Name:}; do # "Address: 172.18.0.2", in older ones "Address 1: 172.18.0.2 name"
            case $last in Address: | [0-9]:) if is_address "$part"; then addresses="$addresses $part"; fi ;; esac
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

# A link on the way that takes smaller packets than this end sends drops large ones without a word: connections come about,
# and stall with the first full packet. The kernel cuts what is too large for this end's own link into full packets.
pass_large() { # address; the answer is in $word
    size=$LARGEST
    case $1 in *:*) size=$((size - 20)) ;; esac # an IPv6 header is larger
    if [ "$size" -gt 100 ] && ! ping -c 1 -W 1 -s "$size" "$1" >/dev/null 2>&1 && ping -c 1 -W 1 "$1" >/dev/null 2>&1
    then word=small
    fi
}

# A published port: the engine's proxy accepts before it knows whether anybody listens inside, and then closes at once, or
# says nothing where the container does not answer it. One who answers sends something, or waits for a word of ours, and
# then accepts behind the proxy, too.
served() { # address port
    file=/tmp/$number
    rm -f "$file" "$file".*
    timeout 4 nc -w 2 "$1" "$2" -e sh -c "timeout 1 head -c 1 >$file 2>/dev/null; echo \$? >$file.code" 2>"$file.said" </dev/null
    if [ -s "$file" ]; then word=ok
    elif [ ! -s "$file.code" ]; then reason "$(cat "$file.said")"
    elif [ "$(cat "$file.code")" -ge 124 ]; then accepts_behind
    else word=empty
    fi
}

accepts_behind() {
    word=ok
    [ -n "$behind" ] || return
    proxy=$address
    IFS=,
    for address in $behind; do
        unset IFS
        tcp "$address" "$target"
        [ "$word" != ok ] || break
    done
    unset IFS
    address=$proxy
    if [ "$word" != ok ]; then word=silent; fi
}

# `dd` writes what it reads at once: of a server that does not end the connection, all that it said is there.
web() { # address port
    file=/tmp/$number
    rm -f "$file" "$file".*
    eval "contains=\${CONTAINS_$number-} path=\${PATH_$number-}" # the number is ours
    late= excerpt=
    HOST=$host PATH_=$path timeout 4 nc -w 2 "$1" "$2" -e sh -c "
        printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: netdeploy\r\nAccept: */*\r\nConnection: close\r\n\r\n' \
            \"\$PATH_\" \"\$HOST\"; dd bs=65536 count=64 >$file 2>/dev/null" 2>"$file.said" </dev/null || { [ $? -lt 124 ] || late=yes; }
    if [ ! -e "$file" ]; then reason "$(cat "$file.said")"; return; fi
    if [ ! -s "$file" ]; then word=${late:+mute} word=${word:-empty}; return; fi
    said=$(head -c 13 "$file").
    case $said in
        HTTP/[0-9].[0-9]" "[0-9][0-9][0-9][!0-9]*) got=${said#HTTP/??? } got=${got%"${got#???}"} ;;
        *) word=${late:+slow} word=${word:-garbled} excerpt=$(head -c 200 "$file" | od -An -v -tx1); return ;;
    esac
    body=$(head -c 65536 "$file" | sed '1,/^\r*$/d'; echo .) # which keeps the line breaks at its end
    if [ "$got" != "$status" ]; then word="status $got"
    else
        case ${body%.} in
            *"$contains"*) word=ok ;;
            *) word=${late:+slow} word=${word:-lacks} ;;
        esac
    fi
    if [ "$word" != ok ]; then excerpt=$(printf %s "${body%.}" | head -c 200 | od -An -v -tx1); fi
}

once() {
    lookup
    if [ -z "$addresses" ]; then answer=unresolved; return; fi
    if [ "$kind" = lookup ]; then answer="ok$addresses"; return; fi
    for address in $addresses; do
        case $kind in
            tcp) tcp "$address" "$port" ;;
            ping) reach "$address" ;;
            served) served "$address" "$port" ;;
            http) web "$address" "$port" ;;
        esac
        case $kind-$want-$word in tcp-yes-ok | ping-yes-ok) pass_large "$address" ;; esac
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
    excerpt=
    while :; do
        once
        if as_wanted; then break; fi
        clock
        if [ "$now" -ge "$end" ]; then break; fi
        sleep 0.5
    done
    echo "$letter $number $answer"
    if [ -n "$excerpt" ]; then echo "A $number" $excerpt; fi
}

awk '$4 == "0A" { print "L", $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
LARGEST=0 # of the bytes in one ping that a link here takes whole: its MTU without the headers
for link in $(ls /sys/class/net); do
    [ "$link" != lo ] && read -r mtu 2>/dev/null <"/sys/class/net/$link/mtu" || continue
    mtu=$((mtu - 28))
    if [ "$mtu" -gt "$LARGEST" ] && [ "$mtu" -le 9172 ]; then LARGEST=$mtu; fi
done
HOSTS=$(sed 's/#.*//' /etc/hosts | tr A-Z a-z)
printf '%s\n' "$PROBES" | {
    running=0
    while IFS='|' read -r number kind host port want within status behind target; do
        probe </dev/null &
        running=$((running + 1))
        if [ $((running % 256)) -eq 0 ]; then wait; fi
    done
    wait
}
