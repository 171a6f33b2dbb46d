"""Saved plans: kept in a file, read back with suspicion, and held against what is when they are carried out."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from netdeploy import __version__
from netdeploy.engine.observe import identity
from netdeploy.errors import Conflict, NetdeployError, PlanRefused
from netdeploy.files import content_of, takes_all, write_file
from netdeploy.masking import masked_text
from netdeploy.memory import without_collections
from netdeploy.paths import is_file, is_folder, is_gone, is_same, why
from netdeploy.plan.report import report
from netdeploy.plan.saved import (
    DOCUMENT,
    EngineReport,
    FileReport,
    SavedPlan,
    change_differences,
    new_salt,
    object_differences,
    objects_of,
    same_digest,
    same_kind_of_changes,
    slow_digest,
)
from netdeploy.strict_json import loads
from netdeploy.topology.problem import path_text, plain
from netdeploy.topology.read import Reading, content, read_bytes

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.stand_ins import Mode
    from netdeploy.workflow.views import View

MAX_BYTES = 4 << 20
"""Of a plan: one that makes thousands of containers has half of that."""
_MOST_TOLD = 50
_LONGEST_PLACE = 120
_TOPOLOGY_KEYS = {"containers", "networks", "volumes", "services"}
_MAKE_ONE = "save one with: netdeploy diff FILE --out PLAN.json"


# -- saving ------------------------------------------------------------------------------------------------------------


def save(path: Path, engine: Engine, reading: Reading, mode: Mode | None, view: View) -> None:
    """Save what `view` shows of the file that `reading` came from, readable to its owner only.

    Raises:
        Conflict: the plan could not be carried out; nothing was saved.
        PlanRefused: the file changed meanwhile, or `path` can't be written or holds something else.
    """
    if view.changes.conflicts:
        hint = "clear what is marked ! first, then save the plan"
        raise Conflict(f"something stands in the way, so no plan was saved to {path}", hint=hint)
    _refuse_to_overwrite(path, reading.source)
    id_, name = identity(engine.reader)
    salt = new_salt()
    saved = SavedPlan(
        netdeploy=__version__,
        saved=datetime.now().astimezone().isoformat(timespec="seconds"),
        engine=EngineReport(id=id_, name=name, version=engine.reader.engine_version),
        file=FileReport(
            path=str(reading.source),
            salt=salt,
            digest=slow_digest(reading.raw, salt),
            wishes=_digest_of_wishes(reading, salt),
        ),
        stand_ins=mode,
        objects=objects_of(view.wishes, view.seen),
        diff=report(view.changes, reading.shown),
    )
    _write(path, json.dumps(saved.model_dump(mode="json"), indent=2) + "\n")


def _digest_of_wishes(reading: Reading, salt: str) -> str:
    return slow_digest(reading.wanted().model_dump_json().encode(), salt)


def _refuse_to_overwrite(path: Path, topology: Path) -> None:
    """A plan may be saved over an older one, and over nothing else."""
    if is_same(path, topology):
        raise PlanRefused(f"{path} is the topology file itself", hint="name another file")
    if takes_all(path):
        return
    if is_folder(path):
        raise PlanRefused(f"{path} is a folder", hint="name the file in it that the plan is to be saved to")
    if not is_gone(path) and _document_in(_bytes_of(path)) is None:
        hint = "name another file, or remove that one"
        raise PlanRefused(f"{path} exists and is no saved plan, so nothing was written to it", hint=hint)


def _write(path: Path, text: str) -> None:
    if len(text) > MAX_BYTES:
        raise PlanRefused("the plan is too large to be saved", hint="split the topology, or apply it without a plan")
    try:
        write_file(path, text, private=True)
    except (OSError, ValueError) as error:
        hint = "name a file in a folder that is there, and that you may write to"
        raise PlanRefused(f"the plan can't be saved to {path}: {why(error)}", hint=hint) from None


# -- reading -----------------------------------------------------------------------------------------------------------


def plan_in(path: Path) -> SavedPlan | None:
    """The saved plan in a file; None where the file is meant as a topology, or is not there.

    What ends in `.json` and has no key of a topology is taken for a plan; of other files, only what says that it is
    one.

    Raises:
        PlanRefused: it is meant as a plan and is none that this version can carry out.
    """
    if not is_file(path):
        return None
    with without_collections():
        return _plan_in(path, _bytes_of(path))


def _plan_in(path: Path, raw: bytes) -> SavedPlan | None:
    document = _document_in(raw)
    if document is None and path.suffix != ".json":
        return None
    if document is None:
        if len(raw) > MAX_BYTES:
            raise PlanRefused(f"{path} is larger than {MAX_BYTES >> 20} MiB, the most a plan may have", hint=_MAKE_ONE)
        document = _json_in(path, raw)
        if isinstance(document, dict) and not _TOPOLOGY_KEYS.isdisjoint(document):
            return None
        kind = "is what `diff -o json` prints, not a saved plan" if _is_diff(document) else "is no saved plan"
        raise PlanRefused(f"{path} {kind}", hint=_MAKE_ONE)
    return _checked(path, document, raw)


def _is_diff(document: Any) -> bool:
    one = document[0] if isinstance(document, list) and document else document
    return isinstance(one, dict) and {"format_version", "changes"} <= one.keys()


def _bytes_of(path: Path) -> bytes:
    try:
        return content_of(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        raise PlanRefused(f"{path} can't be read: {why(error)}") from None


def _json_in(path: Path, raw: bytes) -> Any:
    try:
        return loads(raw)
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}:{error.colno}"
        raise PlanRefused(f"{where}: this is not JSON: {error.msg}", hint=_MAKE_ONE) from None
    except ValueError as error:
        raise PlanRefused(f"{path} is not JSON text: {error}", hint=_MAKE_ONE) from None


def _document_in(raw: bytes) -> dict[str, Any] | None:
    """The document that says of itself that it is a saved plan; None for all else."""
    if DOCUMENT.encode() not in raw[:4096] or len(raw) > MAX_BYTES:
        return None
    try:
        document = loads(raw)
    except ValueError:
        return None
    return document if isinstance(document, dict) and document.get("document") == DOCUMENT else None


def _checked(path: Path, document: dict[str, Any], raw: bytes) -> SavedPlan:
    """The plan, once the versions and the shape are right; nothing in it is looked at before."""
    version = document.get("netdeploy")
    if isinstance(version, str) and version != __version__:
        message = f"{path} was saved by netdeploy {plain(masked_text(version[:40]))}, and this is {__version__}"
        raise PlanRefused(message, hint=_MAKE_ONE)
    try:
        return SavedPlan.model_validate_json(raw.removeprefix(codecs.BOM_UTF8), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = plain(path_text(tuple(first["loc"])), _LONGEST_PLACE) or "the document"
        words = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"]
        said = plain(masked_text(words.replace("Input should be", "expected")), 200)
        raise PlanRefused(f"{path} is not as a saved plan has to be: {where}: {said}", hint=_MAKE_ONE) from None


# -- carrying out ------------------------------------------------------------------------------------------------------


def reading_for(saved: SavedPlan) -> Reading:
    """The topology file that a plan was made from, read again.

    Raises:
        PlanRefused: it is not as it was.
        TopologyInvalid: it is, and what it reads from elsewhere makes it wrong now.
    """
    path = Path(saved.file.path)
    hint = f"look again: netdeploy diff {path} --out PLAN.json"
    try:
        raw = content(path, str(path))
    except NetdeployError as error:
        raise PlanRefused(f"the plan's file can't be read: {error.message}", hint=error.hint) from None
    if not same_digest(slow_digest(raw, saved.file.salt), saved.file.digest):
        raise PlanRefused(f"{path} changed since the plan was saved; nothing was changed", hint=hint)
    reading = read_bytes(raw, path, saved.diff.source or str(path))
    reading.wanted()
    if not same_digest(_digest_of_wishes(reading, saved.file.salt), saved.file.wishes):
        message = f"what {path} reads from elsewhere (a variable of your shell, an env file) changed since the plan was"
        raise PlanRefused(f"{message} saved; nothing was changed", hint=hint)
    return reading


@dataclass(frozen=True, slots=True)
class Held:
    """Holds an apply to a saved plan."""

    saved: SavedPlan
    file: str
    """The topology file, as it was named."""

    def check_engine(self, engine: Engine) -> None:
        """Refuse another engine than the plan's."""
        id_, name = identity(engine.reader)
        if id_ != self.saved.engine.id:
            raise PlanRefused(
                f"the plan is for the engine on `{self.saved.engine.name}`, and this is another one, on `{name}`;"
                " nothing was changed",
                hint="name the plan's engine with --host or --context, or save a plan for this one",
            )

    def check(self, view: View) -> None:
        """Refuse an engine that is not as it was when the plan was saved."""
        found = object_differences(self.saved.objects, objects_of(view.wishes, view.seen))
        found += change_differences(self.saved.diff.changes, report(view.changes, self.file).changes)
        if found:
            raise self._stale(found, "nothing was changed")

    def check_changes(self, view: View) -> None:
        """Refuse what images that were just pulled would change besides what was planned."""
        now = report(view.changes, self.file).changes
        if not same_kind_of_changes(self.saved.diff.changes, now):
            found = change_differences(self.saved.diff.changes, now)
            raise self._stale(found, "images were pulled, and nothing else was changed")

    def _stale(self, found: list[str], so_far: str) -> PlanRefused:
        return PlanRefused(
            f"the plan is stale: the engine is not as it was when the plan was saved ({self.saved.saved}); {so_far}",
            hint=f"look again: netdeploy diff {self.saved.file.path} --out PLAN.json",
            details=[f"  ! {text}" for text in found[:_MOST_TOLD]]
            + ([f"  … and {len(found) - _MOST_TOLD:,} more"] if len(found) > _MOST_TOLD else []),
        )
