"""`graph --live`: what a real engine holds is drawn into what the file wants."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from engine.lab import Lab, free_port
from engine.proxy import Proxy

FILE = """
    name: ndt-lab
    containers:
      ndt-web: {image: BUSYBOX, command: KEEP, networks: {ndt-front: {aliases: [shop]}}, ports: ["127.0.0.1::80"]}
      ndt-app: {image: BUSYBOX, command: KEEP, networks: {ndt-front: , ndt-back: {aliases: [api]}}}
      ndt-side: {image: BUSYBOX, command: KEEP, network_mode: "container:ndt-app"}
      ndt-store: {image: BUSYBOX, command: KEEP, networks: {ndt-back: {ipv4_address: 10.83.62.9}}}
      ndt-agent: {image: BUSYBOX, command: KEEP, network_mode: host}
      ndt-lone: {image: BUSYBOX, command: KEEP, network_mode: none}
      ndt-old: {image: BUSYBOX, command: KEEP}
    networks:
      ndt-front:
      ndt-back: {ipam: {config: [{subnet: 10.83.62.0/24}]}}
"""


@pytest.fixture
def file(lab: Lab) -> Path:
    """The topology, standing."""
    file = lab.write(FILE)
    lab.apply(file)
    return file


def drawn(lab: Lab, file: Path, *options: str) -> str:
    result = lab.run("graph", file, "--live", *options)
    assert (result.code, result.err) == (0, "")
    return result.out


def remarks(lab: Lab, file: Path) -> list[str]:
    """What stands below the picture."""
    return drawn(lab, file).partition("┘\n\n")[2].splitlines()


def test_what_stands_as_it_should_has_its_addresses(lab: Lab, file: Path) -> None:
    text = drawn(lab, file)
    assert text.endswith("\n\nThe engine is as the file says.\n")
    for name in ("ndt-web", "ndt-app", "ndt-store"):
        networks = lab.container(name).attrs["NetworkSettings"]["Networks"]
        assert all(place["IPAddress"] in text for place in networks.values())
    assert "10.83.62.0/24" in text
    port = lab.container("ndt-web").attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
    assert f"127.0.0.1:{port} → 80" in text


def test_what_is_missing_stopped_different_and_extra(lab: Lab, file: Path) -> None:
    lab.container("ndt-store").remove(force=True)
    lab.container("ndt-lone").stop(timeout=0)
    front = lab.client.networks.get("ndt-front")
    front.disconnect("ndt-app")
    front.disconnect("ndt-web")
    front.connect("ndt-web", aliases=["shopp"])
    lab.client.networks.get("bridge").connect("ndt-app")
    lab.foreign("ndt-guest", network="ndt-back")
    assert remarks(lab, file) == [
        "≠ different: ndt-web on ndt-front: alias `shop` is missing, alias `shopp` is not in the file",
        "✗ missing: ndt-app on ndt-front: it is not connected",
        "+ extra: ndt-app on bridge: the file does not put it there",
        "✗ missing: ndt-store: it does not exist",
        "■ stopped: ndt-lone: exited with code 137",
        "+ extra: ndt-guest: it was not made by netdeploy (it has no netdeploy label)",
    ]


@pytest.mark.whole
def test_every_format_shows_the_marks(lab: Lab, file: Path) -> None:
    lab.container("ndt-store").remove(force=True)
    for form in ("text", "svg", "html", "mermaid", "dot"):
        assert "✗ missing" in drawn(lab, file, "--format", form)
    words = [element.text for element in ET.fromstring(drawn(lab, file, "--format", "svg")).iter() if element.text]
    assert "✗ missing: in the file, not on the engine" in words


@pytest.mark.whole
def test_a_page_tells_what_only_the_engine_knows(lab: Lab, file: Path) -> None:
    page = drawn(lab, file, "--format", "html")
    assert lab.container("ndt-web").short_id in page
    assert "<dt>State</dt>\n<dd>running</dd>" in page


def test_nothing_stands(lab: Lab) -> None:
    lines = remarks(lab, lab.write(FILE))
    assert len(lines) == 9
    assert all(re.fullmatch(r"✗ missing: ndt-[a-z]+: it does not exist", line) for line in lines)


@pytest.mark.whole
def test_what_the_file_has_no_more(lab: Lab, file: Path) -> None:
    text = FILE.replace("ndt-back: {ipam", "ndt-rear: {ipam").replace("ndt-back: {", "ndt-rear: {")
    found = remarks(lab, lab.write(text))
    assert "+ extra: ndt-back: the file does not have it any more" in found
    assert "✗ missing: ndt-app on ndt-rear: it is not connected" in found
    assert "+ extra: ndt-app on ndt-back: the file does not put it there" in found
    assert any(line.startswith(("✗ missing: ndt-rear", "≠ different: ndt-rear")) for line in found)


@pytest.mark.whole
def test_it_only_looks(lab: Lab, file: Path, proxy: Proxy) -> None:
    before = lab.identities("ndt-web", "ndt-app", "ndt-store")
    assert lab.run("graph", file, "--live", url=proxy.url).code == 0
    assert {method for method, _ in proxy.calls} == {"GET"}
    assert lab.identities("ndt-web", "ndt-app", "ndt-store") == before


def test_a_stand_in_is_told_as_the_image_it_stands_for(lab: Lab) -> None:
    file = lab.write("""
        name: ndt-lab
        containers: {ndt-web: {image: shop/web:1.0, networks: [ndt-front], expose: [8080]}}
        networks: {ndt-front: }
    """)
    lab.apply(file, "--stand-ins", "always")
    page = drawn(lab, file, "--format", "html")
    assert "shop/web:1.0</text>" in page
    assert "<dt>Stand-in</dt>" in page


def test_a_set_up_made_by_hand_is_drawn_as_it_is(lab: Lab) -> None:
    file = lab.write(FILE)
    front = lab.client.networks.create("ndt-front")
    lab.client.networks.create("ndt-back")
    port = free_port()
    lab.foreign("ndt-web", ports={"80/tcp": ("127.0.0.1", port)}, network="ndt-back")
    app = lab.foreign("ndt-app")
    front.connect(app, aliases=["backend"])
    lab.foreign("ndt-side", network_mode="host")
    lab.foreign("ndt-agent", network="ndt-front")
    lines = re.sub(r"\b(?!127)\d+\.\d+\.\d+\.\d+", "ADDRESS", drawn(lab, file, "--format", "mermaid")).splitlines()
    for line in (
        f'host -->|"127.0.0.1 any port → 80  ✗ missing<br/>127.0.0.1:{port} → 80  + extra"| box0',
        'box0 -.-|"✗ missing"| net0',
        'box0 ---|"ADDRESS<br/>+ extra"| net1',
        'box1 ---|"alias backend<br/>ADDRESS"| net0',
        'box1 -.-|"✗ missing"| net1',
        'box1 ---|"ADDRESS<br/>+ extra"| net4',
        'box2 ---|"+ extra"| net2',
        'box4 ---|"ADDRESS<br/>+ extra"| net0',
    ):
        assert f"    {line}" in lines, lines


def test_one_that_shares_another_network_than_the_file_says(lab: Lab, file: Path) -> None:
    lab.container("ndt-side").remove(force=True)
    lab.foreign("ndt-side", network_mode="container:ndt-web")
    text = drawn(lab, file, "--format", "mermaid")
    assert 'box2 -.-|"shares its network"| box0' in text, text
