"""Drawings for the tests: of shipped files, random ones, and one of the largest that must be readable."""

from __future__ import annotations

import random
import string
from pathlib import Path

from hypothesis import strategies as st
from unit.builders import wishes_of

from netdeploy.attributes.wish import wishes
from netdeploy.graph.build import drawing
from netdeploy.graph.drawing import Bus, Drawing, Mark, Node, Note, Published, Tap
from netdeploy.topology.read import read

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "topologies").glob("*.yaml"))


def drawn(text: str) -> Drawing:
    """The drawing of a topology's text."""
    return drawing(wishes_of(text), "")


def drawn_file(file: Path) -> Drawing:
    """The drawing of a file."""
    reading = read(file)
    topology = reading.wanted()
    return drawing(wishes(topology, reading.source, lambda _key, _spec: None), topology.description)


EVERYTHING = """
name: everything
prefix: g1-
containers:
  proxy:
    image: nginx:1.27
    networks: {front: {aliases: [shop, www]}, back: {ipv4_address: 10.20.0.10}}
    ports: ["80:80", "127.0.0.1:8443:443", "8000-8010:8000-8010"]
  names: {image: coredns, networks: [front], ports: ["53:53/udp", "9153", "[::1]:54:54/udp"]}
  app: {image: registry.example.com/a/b/application-server:2024.11.1, networks: [back], expose: [8080, 9090/udp]}
  inner: {image: app, networks: [back], ports: ["8081:80"]}
  db: {image: postgres, networks: {back: {aliases: [database]}, admin: {}, far: {}}}
  lone: {image: busybox, network_mode: none}
  agent: {image: nginx, network_mode: host}
  old: {image: alpine, ports: ["8082:80"]}
  side: {image: envoy, network_mode: "container:proxy"}
  deeper: {image: envoy, network_mode: "container:side"}
  jump: {image: alpine, networks: [front, far]}
  scan: {image: alpine, networks: {lan: {ipv4_address: 192.168.7.9}}}
networks:
  front:
  back: {internal: true, ipam: {config: [{subnet: 10.20.0.0/24}]}}
  admin: {external: true}
  far: {enable_ipv6: true}
  lan: {driver: macvlan, driver_opts: {parent: eth0}, ipam: {config: [{subnet: 192.168.7.0/24}]}}
"""


def large(seed: int = 7, containers: int = 30, networks: int = 10) -> Drawing:
    """A drawing of many containers on many networks, with marks of all kinds."""
    dice = random.Random(seed)
    names = [f"{dice.choice(['front', 'back', 'data', 'monitoring'])}-net-{number}" for number in range(networks)]
    buses = tuple(Bus(name=name, facts=("10.0.0.0/24",) if dice.random() < 0.3 else ()) for name in names)
    nodes = []
    for number in range(containers):
        on = dice.sample(names, min(networks, dice.choice([1, 1, 1, 1, 2, 2, 3])))
        taps = tuple(
            Tap(
                bus=name,
                aliases=(f"{dice.choice(['api', 'db', 'cache'])}-{number}",) if dice.random() < 0.5 else (),
                addresses=(f"10.0.{number}.7",) if dice.random() < 0.5 else (),
            )
            for name in on
        )
        ports = (Published(listen=f":{8000 + number}", target="80"),) if dice.random() < 0.3 else ()
        notes = (Note(dice.choice(list(Mark)), "it is so"),) if dice.random() < 0.3 else ()
        name = f"{dice.choice(['web', 'worker', 'movie-catalog', 'gateway'])}-{number}"
        nodes.append(Node(name=name, image="example/image:1.2.3", taps=taps, ports=ports, notes=notes))
    return Drawing("large", "Thirty containers on ten networks", buses, tuple(nodes), live=True)


_NAMES = st.text(string.ascii_lowercase + string.digits + "-_.", min_size=2, max_size=24)
_WORDS = st.lists(st.text("abcé漢 <&\"'", min_size=1, max_size=18), max_size=3).map(tuple)
_NOTES = st.lists(st.builds(Note, st.sampled_from(Mark), st.just("why")), max_size=2).map(tuple)


@st.composite
def drawings(draw: st.DrawFn, most_nodes: int = 30, most_buses: int = 10) -> Drawing:
    """Any drawing, of up to 30 containers on up to 10 networks."""
    names = draw(st.lists(_NAMES.filter(lambda name: name not in ("host", "none")), max_size=most_buses, unique=True))
    buses = [Bus(name=name, facts=draw(_WORDS), notes=draw(_NOTES)) for name in names]
    buses += [Bus(name="none", kind="none"), Bus(name="host", kind="host")][: draw(st.integers(1, 2))]
    nodes: list[Node] = []
    for name in draw(st.lists(_NAMES, max_size=most_nodes, unique=True)):
        shares = draw(st.sampled_from([node.name for node in nodes])) if nodes and draw(st.integers(0, 7)) == 0 else ""
        on: list[str] = []
        if not shares:
            kind = draw(st.sampled_from(buses)).kind
            alike = [bus.name for bus in buses if bus.kind == kind]
            most = 4 if kind == "network" else 1
            on = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=most, unique=True))
        taps = tuple(Tap(bus=bus, aliases=draw(_WORDS), notes=draw(_NOTES)) for bus in on)
        listen = st.sampled_from((":80", "any port", "127.0.0.1:8000-8010"))
        published = st.builds(Published, listen=listen, target=st.sampled_from(("80", "53/udp")), notes=_NOTES)
        ports = draw(st.lists(published, max_size=3)) if not shares else []
        image = draw(st.text("ab/:@", max_size=60))
        nodes.append(Node(name=name, image=image, shares=shares, taps=taps, ports=tuple(ports), notes=draw(_NOTES)))
    title, description = draw(st.text(max_size=20)) or "x", draw(st.text("ab ", max_size=90))
    return Drawing(title, description, tuple(buses), tuple(nodes), live=draw(st.booleans()))
