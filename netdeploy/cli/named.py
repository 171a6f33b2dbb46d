"""Which topology a person means by a FILE or a NAME."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.errors import NetdeployError
from netdeploy.identity import TopologyId
from netdeploy.paths import absolute, is_file, is_folder, is_same
from netdeploy.topology.problem import did_you_mean
from netdeploy.topology.read import topology_id
from netdeploy.workflow.copies import came_from, describes

if TYPE_CHECKING:
    from netdeploy.workflow.copies import Standing


def meant(text: str, prefix: str | None, known: Standing) -> TopologyId:
    """The topology that a FILE or NAME means; a file that is gone is found by the labels it left.

    Raises:
        NetdeployError: it can't be told.
    """
    path, names = Path(text), {id_.name for id_ in known}
    if text and is_folder(path) and text not in names:
        raise NetdeployError(f"{text} is a folder", hint="give a topology file, or the NAME of a topology")
    looks_like_file = path.suffix in (".yaml", ".yml") or "/" in text
    if is_file(path) and (looks_like_file or text not in names):
        return topology_id(path)
    if looks_like_file:
        return _one(text, came_from(absolute(path), known), TopologyId(path.stem))
    return called(text, prefix, known)


def called(name: str, prefix: str | None, known: Standing) -> TopologyId:
    """The topology of that name, and, where one is given, of that prefix.

    Raises:
        NetdeployError: there are several.
    """
    found = [id_ for id_ in known if id_.name == name and prefix in (None, id_.prefix)]
    return _one(name, found, TopologyId(name, prefix or ""))


def _one(text: str, found: list[TopologyId], otherwise: TopologyId) -> TopologyId:
    if len(found) > 1:
        listed = " and ".join((", ".join(id_.text for id_ in found[:-1]), found[-1].text))
        hint = f"say which with --prefix {found[0].prefix or repr('')}, or name the file that it came from"
        raise NetdeployError(f"`{text}` may be {listed}; nothing was touched", hint=hint)
    return found[0] if found else otherwise


def contested(text: str, topology: TopologyId, known: Standing) -> str:
    """The file that made a topology and still describes it, where `text` is another file; "" otherwise."""
    path, sources = Path(text), known.get(topology)
    if not sources or not is_file(path) or is_same(Path(sources[0]), path):
        return ""
    return sources[0] if describes(Path(sources[0]), topology) else ""


def nothing_of(topology: TopologyId, known: Standing) -> str:
    """That there is nothing of a topology, and which others there are."""
    namesakes = [id_.text for id_ in known if id_.name == topology.name]
    if namesakes:
        return f"Nothing of {topology.text} is on this engine. (there is: {', '.join(namesakes)})"
    names = sorted({id_.name for id_ in known})
    near = did_you_mean(topology.name, names, otherwise=f"there are: {', '.join(names)}" if names else "")
    return f"Nothing of `{topology.name}` is on this engine." + (f" ({near})" if near else "")
