"""What the engine refuses in the middle of an apply, because somebody was quicker: who it was is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from docker.types import IPAMConfig, IPAMPool

from engine.lab import Lab, Result
from engine.proxy import Fault, Proxy

HEAD = "name: ndt-lab\nprefix: ndt-\n"
SLEEPER = "{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


def raced(lab: Lab, number: int, act: Callable[[], object], *arguments: object) -> Result:
    """A command before whose `number`-th changing call somebody acts; the lock is the first."""
    with Proxy(lab.engine.endpoint.url, lab.folder / "race.sock", Fault("call before", number, call=act)) as proxy:
        result = lab.run(*map(str, arguments), url=proxy.url)
        assert proxy.struck
    return result


def test_the_network_that_took_the_subnet_is_named(lab: Lab) -> None:
    body = "networks: {net: {ipam: {config: [{subnet: 10.83.50.0/24}]}}}\n"
    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet="10.83.48.0/20")])
    file = lab.write(HEAD + body)
    result = raced(lab, 2, lambda: lab.client.networks.create("ndt-other", ipam=ipam), "apply", file)
    assert result.code == 2
    assert "10.83.48.0/20 of the network `ndt-other`" in result.err
    assert "docker network rm ndt-other" in result.err


def test_a_guest_that_came_meanwhile_is_named(lab: Lab) -> None:
    lab.apply(lab.write(HEAD + "networks: {net: }\n"))
    result = raced(lab, 2, lambda: lab.foreign("ndt-guest", network="ndt-net"), "teardown", "ndt-lab")
    assert result.code == 2
    assert "ndt-guest" in result.err
    assert lab.container("ndt-guest").status == "running"


def test_a_volume_that_somebody_made_meanwhile_is_left_alone(lab: Lab) -> None:
    file = lab.write(HEAD + "volumes: {data: }\n")
    result = raced(lab, 2, lambda: lab.client.volumes.create("ndt-data"), "apply", file)
    assert result.code == 2
    assert "somebody else made a volume `ndt-data` meanwhile" in result.err
    assert lab.client.volumes.get("ndt-data").attrs["Labels"] in (None, {})


@pytest.mark.as_long_as_users_wait
def test_known_last_words_get_a_sentence_and_secrets_in_them_are_masked(lab: Lab) -> None:
    line = 'host not found in upstream "netflix-frontend:3000" in /etc/nginx/nginx.conf:4'
    command = f"[sh, -c, 'echo --password=hunter2; echo ''{line}''; exit 1']".replace("\\", "")
    file = lab.write(HEAD + "containers:\n  web: {image: BUSYBOX, command: COMMAND}\n".replace("COMMAND", command))
    result = lab.run("apply", file)
    assert result.code == 2
    assert "nginx ends because `netflix-frontend`, which its configuration names, is not there yet" in result.err
    assert "depends_on" in result.err
    assert "hunter2" not in result.both
