from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import wishes_of

from netdeploy.attributes import attachment, network, volume
from netdeploy.attributes.attachment import endpoint_body
from netdeploy.attributes.network import overlap
from netdeploy.attributes.table import compare, plain
from netdeploy.attributes.wish import AttachmentWish, NetworkWish
from netdeploy.engine.observed import ObservedAttachment, ObservedNetwork, ObservedPool, ObservedVolume


def wanted(text: str) -> NetworkWish:
    return wishes_of(f"networks: {{net: {text}}}").networks[0]


POOL = ObservedPool("172.18.0.0/16", "", "172.18.0.1")
LIVE = ObservedNetwork("id", "net", "bridge", {}, False, False, False, (POOL,), {})


def changed(text: str, live: ObservedNetwork) -> dict[str, tuple[object, object]]:
    changes = compare(network.ROWS, wanted(text), live, "networks.net")
    assert {change.effect for change in changes} <= {"replace"}
    return {change.name: (change.before, change.after) for change in changes}


@pytest.mark.parametrize(
    ("text", "pools"),
    [
        ("", (ObservedPool("172.18.0.0/16", "", "172.18.0.1"),)),
        ("{ipam: {config: []}}", (ObservedPool("172.18.0.0/16", "", "172.18.0.1"),)),
        ("{ipam: {config: [{subnet: 10.1.0.0/24}]}}", (ObservedPool("10.1.0.0/24"),)),
        ("{ipam: {config: [{subnet: 10.1.0.0/24}]}}", (ObservedPool("10.1.0.0/24", "", "10.1.0.1"),)),
        (
            "{ipam: {config: [{subnet: 10.1.0.0/24, ip_range: 10.1.0.128/25}]}}",
            (ObservedPool("10.1.0.0/24", "10.1.0.128/25", "10.1.0.128"),),
        ),
        (
            "{enable_ipv6: true, ipam: {config: [{subnet: 'fd00::/64'}]}}",
            (ObservedPool("172.18.0.0/16", "", "172.18.0.1"), ObservedPool("fd00::/64")),
        ),
        (
            "{enable_ipv6: true, ipam: {config: [{subnet: 'fd00::/64'}, {subnet: 10.1.0.0/24}]}}",
            (ObservedPool("10.1.0.0/24"), ObservedPool("fd00::/64", "", "fd00::1")),
        ),
    ],
)
def test_pools_are_a_set_and_what_is_not_declared_is_the_engines(text: str, pools: tuple[ObservedPool, ...]) -> None:
    assert changed(text, replace(LIVE, enable_ipv6="ipv6" in text, pools=pools)) == {}


@pytest.mark.parametrize(
    ("text", "pool"),
    [
        ("{ipam: {config: [{subnet: 10.1.0.0/24}]}}", ObservedPool("10.2.0.0/24")),
        ("{ipam: {config: [{subnet: 10.1.0.0/24}]}}", ObservedPool("10.1.0.0/24", "10.1.0.128/25")),
        ("{ipam: {config: [{subnet: 10.1.0.0/24}]}}", ObservedPool("10.1.0.0/24", "", "10.1.0.254")),
        ("{ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.9}]}}", ObservedPool("10.1.0.0/24", "", "10.1.0.1")),
        (
            "{ipam: {config: [{subnet: 10.1.0.0/24, aux_addresses: {a: 10.1.0.9}}]}}",
            ObservedPool("10.1.0.0/24", "", "", frozenset({("a", "10.1.0.8")})),
        ),
        ("", ObservedPool("10.1.0.0/24", "10.1.0.128/25", "10.1.0.1")),
    ],
)
def test_a_declared_pool_that_differs_replaces_the_network(text: str, pool: ObservedPool) -> None:
    assert list(changed(text, replace(LIVE, pools=(pool,)))) == ["ipam.config"]


LABELS = {"l.m": "old", "netdeploy.name": "net", "netdeploy.declared": "driver_opts.extra"}


def test_each_setting_of_a_network_is_compared_options_and_labels_key_by_key() -> None:
    text = "{driver_opts: {a.b: x, same: y}, internal: true, attachable: true, enable_ipv6: true, labels: {l.m: new}}"
    live = replace(LIVE, driver_opts={"same": "y", "extra": "z"}, labels=LABELS)
    assert changed(text, live) == {
        "driver_opts.a.b": (None, "x"),
        "driver_opts.extra": ("z", None),
        "internal": (False, True),
        "attachable": (False, True),
        "enable_ipv6": (False, True),
        "labels.l.m": ("old", "new"),
    }


def test_an_option_that_the_engines_own_settings_gave_is_no_difference() -> None:
    assert changed("{driver_opts: {a: b}}", replace(LIVE, driver_opts={"a": "b", "mtu": "1400"})) == {}


def test_a_network_that_got_another_name_in_the_file_is_replaced() -> None:
    assert changed("{name: lan}", LIVE) == {"name": ("net", "lan")}


@pytest.mark.parametrize(
    ("text", "pool", "found"),
    [
        ("{ipam: {config: [{subnet: 172.18.5.0/24}]}}", "172.18.0.0/16", "172.18.0.0/16"),
        ("{ipam: {config: [{subnet: 172.0.0.0/8}]}}", "172.18.0.0/16", "172.18.0.0/16"),
        ("{ipam: {config: [{subnet: 172.19.0.0/16}]}}", "172.18.0.0/16", ""),
        ("{enable_ipv6: true, ipam: {config: [{subnet: 'fd00::/64'}]}}", "172.18.0.0/16", ""),
        ("", "172.18.0.0/16", ""),
        ("{external: true}", "172.18.0.0/16", ""),
    ],
)
def test_an_overlap_is_found_between_what_is_declared_and_what_stands(text: str, pool: str, found: str) -> None:
    assert overlap(wanted(text), replace(LIVE, pools=(ObservedPool(pool),))) == found
    assert overlap(wanted(text), replace(LIVE, driver="overlay", pools=(ObservedPool(pool),))) == ""


def test_a_volume_is_compared_by_driver_options_and_labels() -> None:
    wish = wishes_of("volumes: {data: {driver_opts: {type: nfs}, labels: {keep: 'yes'}}}").volumes[0]
    live = ObservedVolume("data", "other", {"type": "tmpfs"}, {"netdeploy.kind": "volume"})
    changes = compare(volume.ROWS, wish, live, "volumes.data")
    assert [(change.path, change.before, change.after) for change in changes] == [
        ("volumes.data.driver", "other", "local"),
        ("volumes.data.driver_opts.type", "tmpfs", "nfs"),
        ("volumes.data.labels.keep", None, "yes"),
    ]


WISH = AttachmentWish("web", "net", "net", frozenset({"www"}), "10.1.0.9", "")
ATTACHED = ObservedAttachment("net", "id", frozenset({"www"}), frozenset(), "10.1.0.9", "", "10.1.0.9")


def test_an_attachment_in_order_has_no_changes_and_is_sent_whole() -> None:
    assert compare(attachment.ROWS, WISH, ATTACHED, "x") == ()
    assert endpoint_body(WISH) == {"Aliases": ["www"], "IPAMConfig": {"IPv4Address": "10.1.0.9"}}
    assert endpoint_body(replace(WISH, aliases=frozenset(), ipv4_address="")) == {}


@pytest.mark.parametrize(
    ("wish", "live", "names"),
    [
        (WISH, replace(ATTACHED, aliases=frozenset({"www", "more"})), ["aliases"]),
        (WISH, replace(ATTACHED, aliases=frozenset()), ["aliases"]),
        (replace(WISH, ipv4_address=""), ATTACHED, ["ipv4_address"]),
        (WISH, replace(ATTACHED, ipv4_address="", ipv6_address="fd00::1"), ["ipv4_address", "ipv6_address"]),
    ],
)
def test_aliases_and_addresses_differ_both_ways(
    wish: AttachmentWish, live: ObservedAttachment, names: list[str]
) -> None:
    changes = compare(attachment.ROWS, wish, live, "x")
    assert [change.name for change in changes] == names
    assert {change.effect for change in changes} == {"reconnect"}


@pytest.mark.parametrize("aliases", [{"www"}, {"www", "host-1"}])
def test_the_hostname_among_the_aliases_counts_only_where_it_was_asked_for(aliases: set[str]) -> None:
    wish = replace(WISH, aliases=frozenset(aliases))
    names = frozenset({"www", "host-1", "0123456789ab"})
    live = replace(ATTACHED, aliases=names, added_by_engine=names - {"www"})
    assert compare(attachment.ROWS, wish, live, "x") == ()


def test_plain_makes_json_of_anything() -> None:
    assert plain({"b": frozenset({"y", "x"}), "a": (1, None, True)}) == {"b": ["x", "y"], "a": [1, None, True]}
