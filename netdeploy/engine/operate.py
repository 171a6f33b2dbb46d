"""Changing: one function, one API call, through the Docker SDK, which is imported when the first change is due.

Every function raises OperationFailed with the engine's reason in plain words.
"""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any, TypeVar

from netdeploy.engine.errors import explain, message_of
from netdeploy.engine.reader import MOST_BYTES, TOTAL_TIME
from netdeploy.engine.transport import talking
from netdeploy.errors import EngineUnreachable, OperationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import requests
    from docker import APIClient

    from netdeploy.engine.connect import Endpoint

Json = dict[str, Any]
_CONNECTIONS = 32  # that are kept; several topologies at once have workers of their own
T = TypeVar("T")
_CHUNK = 1 << 14
_CALL_TIMEOUT = 120  # seconds without an answer; a stop may take its grace period


class Operator:
    """The engine's calls that change something."""

    def __init__(self, endpoint: Endpoint, api_version: str) -> None:
        import docker  # noqa: PLC0415  - costs 0.15 s, so only when something is to be changed
        import docker.errors  # noqa: PLC0415
        import docker.tls  # noqa: PLC0415
        import urllib3  # noqa: PLC0415

        self._endpoint = endpoint
        tls: bool | docker.tls.TLSConfig = False
        with talking(endpoint, docker.errors.DockerException):
            if endpoint.tls:
                files = endpoint.tls
                pair = (str(files.cert), str(files.key)) if files.cert and files.key else None
                ca = str(files.ca) if files.ca and files.verify else None
                tls = docker.tls.TLSConfig(client_cert=pair, ca_cert=ca, verify=files.verify)
            self._client: APIClient = docker.APIClient(
                base_url=_url(endpoint), version=api_version, timeout=_CALL_TIMEOUT, tls=tls, max_pool_size=_CONNECTIONS
            )
            # the environment's roots and proxies for the web would come before what the endpoint says
            self._client.trust_env = False
            self._client.hooks["response"].append(self._within_limits)
            if self._client.verify is False:  # which the command line says itself
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            if self._client.verify is True:  # the SDK has roots of its own; the docker command asks the system's
                roots = ssl.get_default_verify_paths()
                self._client.verify = roots.cafile or roots.capath or True

    def _within_limits(self, response: requests.Response, *_: object, stream: bool = False, **__: object) -> None:
        """Read the answer here, where it has an end; a stream is read by whoever asked for it."""
        if stream:
            return
        end = time.monotonic() + TOTAL_TIME
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > MOST_BYTES or time.monotonic() > end:
                response.close()
                message = f"the engine at {self._endpoint.url} ({self._endpoint.origin}) answers a change without end"
                raise EngineUnreachable(message, hint="is that a Docker engine?", may_pass=False)
        response._content = bytes(body)  # noqa: SLF001 - requests has no other way to say that it is read
        response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def _call(self, doing: str, call: Callable[[], T]) -> T:
        import docker.errors  # noqa: PLC0415
        import urllib3  # noqa: PLC0415

        garbage = (docker.errors.StreamParseError, LookupError, TypeError, AttributeError)  # an answer of another shape
        with talking(self._endpoint, urllib3.exceptions.HTTPError, *garbage):
            try:
                return call()
            except docker.errors.APIError as error:
                status = error.response.status_code if error.response is not None else 500
                raise explain(doing, status, str(error.explanation or error)) from None
            except docker.errors.DockerException as error:
                raise explain(doing, 400, str(error)) from None

    def _post(self, doing: str, path: str, body: Json) -> Any:
        """A call whose whole body is ours: the SDK's functions for it pass on the arguments they know, and no more."""
        url = f"{self._client.base_url}/v{self._client.api_version}{path}"
        response = self._call(doing, lambda: self._client.post(url, json=body, timeout=_CALL_TIMEOUT))
        if response.status_code >= 400:
            busy = response.status_code >= 500 and path.endswith("/connect")
            raise explain(doing, response.status_code, message_of(response.content), may_pass=busy)
        return self._call(doing, response.json) if response.content.strip() else None

    # -- networks and volumes --

    def create_network(self, name: str, body: Json) -> str:
        """Returns the network's id."""
        doing = f"making network `{name}`"
        # the SDK's own call knows neither EnableIPv4 nor what comes after it
        whole = {**body, "Name": name, "CheckDuplicate": True}
        return str(self._call(doing, lambda: self._post(doing, "/networks/create", whole)["Id"]))

    def remove_network(self, network_id: str, name: str) -> None:
        """The network must have no containers."""
        self._call(f"removing network `{name}`", lambda: self._client.remove_network(network_id))

    def create_volume(self, name: str, body: Json) -> dict[str, str]:
        """An existing volume of that name is left as it is (and answered as if made); returns the volume's labels."""
        arguments = {
            "driver": body.get("Driver"),
            "driver_opts": body.get("DriverOpts"),
            "labels": body.get("Labels"),
        }
        return self._call(
            f"making volume `{name}`",
            lambda: dict(self._client.create_volume(name, **arguments).get("Labels") or {}),
        )

    def remove_volume(self, name: str) -> None:
        """The data in it goes too."""
        self._call(f"removing volume `{name}`", lambda: self._client.remove_volume(name))

    # -- attachments --

    def connect(self, container_id: str, network_id: str, endpoint: Json, doing: str) -> None:
        """Connect with the whole endpoint, as at create: a bare connect would lose aliases and addresses."""
        self._post(doing, f"/networks/{network_id}/connect", {"Container": container_id, "EndpointConfig": endpoint})

    def disconnect(self, container_id: str, network: str, doing: str) -> None:
        """Leave a network; `network` may be the name, where the id no longer exists."""
        self._call(doing, lambda: self._client.disconnect_container_from_network(container_id, network, force=True))

    # -- containers --

    def create_container(self, name: str, body: Json) -> tuple[str, list[str]]:
        """Returns the container's id and the engine's warnings; it is not started.

        The platform goes beside the body.
        """
        rest = {key: value for key, value in body.items() if key != "platform"}
        platform = body.get("platform")

        def create() -> tuple[str, list[str]]:
            answer = self._client.create_container_from_config(rest, name, platform)  # type: ignore[no-untyped-call]
            return str(answer["Id"]), list(answer.get("Warnings") or ())

        return self._call(f"making container `{name}`", create)

    def start(self, container_id: str, name: str) -> None:
        """Ports and fixed addresses are claimed now, so their conflicts show here."""
        self._call(f"starting `{name}`", lambda: self._client.start(container_id))

    def unpause(self, container_id: str, name: str) -> None:
        """Let a paused container go on."""
        self._call(f"unpausing `{name}`", lambda: self._client.unpause(container_id))

    def stop(self, container_id: str, name: str, grace: int) -> None:
        """Ask it to stop; after `grace` seconds the engine kills it."""
        self._call(f"stopping `{name}`", lambda: self._client.stop(container_id, timeout=grace))

    def rename(self, container_id: str, old: str, new: str) -> None:
        """Give a container another name; it keeps running."""
        self._call(f"renaming `{old}` to `{new}`", lambda: self._client.rename(container_id, new))

    def update(self, container_id: str, name: str, body: Json) -> list[str]:
        """Change what the engine can change in place; returns its warnings."""
        doing = f"updating `{name}`"
        answer = self._post(doing, f"/containers/{container_id}/update", body)
        return self._call(doing, lambda: list((answer or {}).get("Warnings") or ()))

    def remove_container(self, container_id: str, name: str, *, volumes: bool) -> None:
        """Remove it, with `volumes` its anonymous volumes too; a running one is killed, so stop it first."""
        self._call(
            f"removing container `{name}`",
            lambda: self._client.remove_container(container_id, v=volumes, force=True),
        )

    # -- images --

    def pull(self, image: str, platform: str = "") -> Iterator[Mapping[str, Any]]:
        """The engine's progress messages, until the image is here."""
        from docker.utils import parse_repository_tag  # noqa: PLC0415

        repository, tag = parse_repository_tag(image)
        doing = f"pulling image `{image}`"
        of = platform or None
        messages = self._call(
            doing,
            lambda: iter(self._client.pull(repository, tag=tag or "latest", stream=True, decode=True, platform=of)),
        )
        while True:
            message = self._call(doing, lambda: _message(next(messages, None)))
            if message is None:
                return
            if "error" in message:
                raise explain(doing, 500, str(message["error"]))
            yield message

    def not_to_be_had(self, image: str) -> str:
        """Why no registry gives an image, in its own words; "" where one does. Asks as whoever logged in here."""
        doing = f"looking for image `{image}`"
        try:
            self._call(doing, lambda: self._client.inspect_distribution(image))  # type: ignore[no-untyped-call]
        except OperationFailed as error:
            return error.message.removeprefix(f"{doing}: ")
        return ""

    def import_image(self, archive: bytes, repository: str, tag: str, command: list[str]) -> None:
        """Make an image from a tar of its files."""
        import json  # noqa: PLC0415

        changes = [f"CMD {json.dumps(command)}"]
        self._call(
            f"importing image `{repository}:{tag}`",
            lambda: self._client.import_image_from_data(archive, repository=repository, tag=tag, changes=changes),
        )


def _url(endpoint: Endpoint) -> str:
    """With a port in any case: the SDK refuses an address without one, and one with a user."""
    if endpoint.is_local:
        return endpoint.url
    host, port = endpoint.address
    return f"{'https' if endpoint.uses_tls else 'tcp'}://{f'[{host}]' if ':' in host else host}:{port}"


def _message(item: Any) -> Mapping[str, Any] | None:
    """One message of a stream; raises TypeError for what is none."""
    if item is not None and not isinstance(item, dict):
        raise TypeError(item)
    return item
