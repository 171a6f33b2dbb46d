"""What to write instead, where the shape of a value is wrong: words of other tools, keys at the wrong place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netdeploy.topology.amounts import SIGNALS
from netdeploy.topology.yaml_source import Mapping, Node, Scalar

if TYPE_CHECKING:
    from pydantic import BaseModel

COMPOSE_WORDS = {
    "services": "netdeploy calls them `containers:`",
    "container_name": "a container is named by its key",
    "build": "netdeploy runs images: build it first, then name it in `image`",
    "version": "leave it out",
    "include": "name several files on the command line",
    "external_links": "link to a container of this file with `links`",
    "extends": "share settings with an anchor: `&base` where they stand, `<<: *base` where they are used",
    "profiles": "put what is not always wanted into a file of its own",
    "scale": "write down each container under a name of its own",
    "develop": "leave it out",
    "env": "it is called `environment`",
    "memory": "it is called `mem_limit`",
    "uid": "the file is mounted as it is: its owner is the host's",
    "gid": "the file is mounted as it is: its group is the host's",
    "deploy": "limits stand at the container itself: `mem_limit`, `cpus`, `pids_limit`",
}
_ON_A_NETWORK = "it stands at one of the container's networks: `networks: {{NAME: {{{word}: …}}}}`"
_IN_A_POOL = "it stands under `ipam`: `ipam: {{config: [{{{word}: …}}]}}`"
_MISPLACED = {
    "Container": dict.fromkeys(("aliases", "ipv4_address", "ipv6_address", "link_local_ips"), _ON_A_NETWORK),
    "Network": dict.fromkeys(("subnet", "gateway", "ip_range", "aux_addresses"), _IN_A_POOL),
    "Ipam": dict.fromkeys(("subnet", "gateway", "ip_range"), "it stands in a list: `config: [{{{word}: …}}]`"),
    "Attachment": dict.fromkeys(("hostname", "ports", "expose", "dns"), "it stands at the container itself"),
    "Topology": dict.fromkeys(
        ("image", "ports", "environment", "command", "restart", "depends_on", "healthcheck"),
        "it belongs to a container: indent it further than the container's name",
    ),
}


def misplaced(model: type[BaseModel], word: str, node: Node | None) -> str:
    """Where a key belongs that has no meaning in `model`; "" where that is not known."""
    if model.__name__ == "Topology" and isinstance(node, Mapping) and node.get("image") is not None:
        return "a container stands below `containers:`, further in"
    return _MISPLACED.get(model.__name__, {}).get(word, "").format(word=word)


def known_words(key: str, text: str, message: str) -> list[str]:
    """The words that a text under `key` may have been meant as."""
    known = {
        "stop_signal": [f"SIG{name}" for name in SIGNALS],
        "restart": re.findall("`([a-z-]+)`", message),
        "network_mode": re.findall("`([a-z]+)`", message),
        "image": [text.lower()] if text.lower() != text and "$" not in text else [],
    }
    return known.get(key, [])


def for_text(key: str, text: str) -> str:
    """A hint about a text that is not of the kind its key needs; "" without one."""
    if key == "image":
        if "$" in text:
            return "netdeploy fills in no variables: write the image's name"
        if "://" in text:
            return "an image's name is no URL: write `nginx`, or `registry.example/team/app:2`"
    if key == "network_mode":
        if text.startswith("service:"):
            return f"write `container:{text.removeprefix('service:')}`"
        return (
            "to put it on a network of this file, list that under `networks`" if re.fullmatch(r"[\w.-]+", text) else ""
        )
    if key == "restart" and text.lower() in ("yes", "on", "true"):
        return "write `always`"
    return ""


def for_word(key: str, word: str) -> str:
    """A hint about a word that is not among those its key takes; "" without one."""
    if key == "driver" and word == "overlay":
        made = "docker network create --driver overlay --attachable NAME"
        return f"make it by hand ({made}), and use it with `external: true`"
    if key == "driver" and word in ("host", "none"):
        return f"write `network_mode: {word}` at the container"
    return ""


def for_list(key: str, node: Node | None) -> str:
    """How to write the mapping at `key` as a list; "" where it is none."""
    if not isinstance(node, Mapping) or not node.entries:
        return ""
    first = node.entries[0]
    if key in ("ports", "volumes") and isinstance(first.value, Scalar) and first.value.value is not None:
        return f'write `- "{first.key.text}:{first.value.text}"`'
    return "put a `- ` before each item"


def for_mapping(key: str, text: str) -> str:
    """How to write the text at `key` as a mapping, or as a list that is one."""
    if re.match(r"[\w.-]+:\S", text) and key != "extra_hosts" and "=" not in text:
        return "a space is missing after the `:`"
    if re.match(r"[\w.-]+[=:]\S", text):
        return f"write `[{text}]`, or `- {text}` on the next line"
    return f"write `{key}:` alone on its line, and what belongs to it below, further in"
