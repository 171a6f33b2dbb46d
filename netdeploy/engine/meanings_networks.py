"""Refusals to make a network, or to put a container on one; each was seen on 20.10 or 28 (or both)."""

from __future__ import annotations

from netdeploy.engine.meaning import meaning

_QUOTED = r"\\?[\"']"

NETWORK_MEANINGS = (
    # -- interfaces --
    meaning(
        r"MAC to " + _QUOTED + r"(?P<mac>[0-9a-f:]+)" + _QUOTED + r": address already in use",
        "the MAC address {mac} is in use on the network",
        "give the container one of its own",
    ),
    meaning(
        r"MAC to " + _QUOTED + r"(?P<mac>[0-9a-f:]+)" + _QUOTED + r": cannot assign requested address",
        "no interface can have the MAC address {mac}",
        "use one that starts with `02:`",
    ),
    meaning(
        r"error renaming interface \S+ to " + _QUOTED + r"(?P<name>[^\"\\]+)",
        "an interface can't be called `{name}` in the container",
        "check `interface_name`, and the network's container_iface_prefix",
    ),
    meaning(
        r"invalid link local IP address: (?P<address>\S+)",
        "{address} is not a link-local address",
        "those are 169.254.… and fe80::…",
    ),
    # -- ports --
    meaning(
        r"(?:listen (?:tcp|udp|sctp)[46]? |failed to bind host port (?:for )?)(?P<port>\[\S*?\]:\d*|[^:\s]+:\d*)"
        r".*(?:cannot assign requested address|: invalid argument)",
        "the engine's host has no address to publish {port} on",
        "`ip addr` there shows those it has; without an address a port is published on all of them",
    ),
    # -- networks --
    meaning(
        r"network (?P<name>\S+) is ambiguous \((?P<count>\d+) matches",
        "the engine has {count} networks called `{name}`",
        "`docker network ls` shows their ids: remove one (docker network rm ID)",
    ),
    meaning(
        r"plugin " + _QUOTED + r"(?P<name>[^\"\\]+)" + _QUOTED + r" not found",
        "the engine has no driver `{name}`",
        "check `driver`, or install its plugin (docker plugin install {name})",
    ),
    meaning(
        r"network (?P<name>\S+) is already using parent interface (?P<parent>\S+)",
        "the interface `{parent}` is in use by another network of this kind",
        "`docker network ls` shows it; use another interface, or a VLAN of it (such as `{parent}.10`)",
    ),
    meaning(
        r"parent interface (?:does )?was not found on the host: (?P<parent>\S+)"
        r"|invalid subinterface vlan name (?P<name>[^\s,]+)",
        "the engine's host has no network interface `{parent}{name}`",
        "`ip link` there lists them",
    ),
    meaning(r"vlan id must be between", "that is no VLAN", "a VLAN's number is 1 to 4094"),
    meaning(
        r"loopback interface is not a valid (?P<kind>\w+) parent",
        "{kind} can't be put on the loopback interface",
        "use another one as `parent`",
    ),
    meaning(
        r"requested (?P<kind>macvlan|ipvlan) mode '(?P<mode>[^']*)' is not valid",
        "{kind} has no mode `{mode}`",
        "check `driver_opts`",
    ),
    meaning(
        r"^operation not supported$|vlan link: operation not supported",
        "the kernel of the engine's host can't make such a network",
        "macvlan, ipvlan and VLANs need its modules (modprobe macvlan); or use a bridge",
    ),
    meaning(
        r"bridge driver doesn't support multiple subnets",
        "a bridge network takes one subnet of each kind",
        "make it two networks",
    ),
    meaning(
        r"failed to parse (?P<option>\S+) value: (?P<value>.*?) \(",
        "the option {option} can't be `{value}`",
        "check `driver_opts`",
    ),
    meaning(
        r"invalid MTU number|failed to set MTU on host interface",
        "the kernel does not take the network's MTU",
        "an MTU is 68 to 65535: check `driver_opts`",
    ),
    meaning(
        r"Cannot read IPv6 setup for bridge",
        "the network can't have IPv6",
        "IPv6 needs an MTU of 1280 or more, and a host where it is not turned off",
    ),
    meaning(
        r"gateway mode 'isolated' can only be used for an internal network",
        "a network without a gateway must be internal",
        "add `internal: true`, or choose another gateway mode",
    ),
    # -- addresses --
    meaning(
        r"failed to allocate secondary ip address \((?P<name>[^:]*):(?P<address>[^)]+)\): Address already in use",
        "the reserved address {address} (`{name}`) is the gateway's",
        "name another `gateway`, or take it out of `aux_addresses`",
    ),
    meaning(
        r"failed to allocate gateway \(\): no available addresses",
        "the subnet is too small: no address is left for the gateway",
        "make it larger",
    ),
    meaning(
        r"bit does not belong to the sequence",
        "this engine can't give the last address of an IPv6 subnet",
        "choose another address",
    ),
    meaning(
        r"route for the gateway (?P<address>\S+) could not be found"
        r"|multicast subnet '(?P<multicast>[^']+)' is not allowed"
        r"|'(?P<local>[^']+)' clashes with the Link-Local prefix"
        r"|failed to add IPv6 address (?P<other>\S+) to bridge",
        "no host can have an address like {address}{multicast}{local}{other}",
        "choose another subnet, such as 10.1.0.0/24 or fd00:1::/64",
    ),
    meaning(
        r"null ipam driver|ipv4 pool is empty",
        "a network of this kind needs addresses, and the IPAM driver `null` gives none",
        "take `driver: null` out of `ipam`",
    ),
)
