"""A saved plan as a document, to be spoilt."""

from __future__ import annotations

from typing import Any

from netdeploy import __version__

DIGEST = "0" * 64


def plan(**values: Any) -> dict[str, Any]:
    """A plan of one container; `values` take the place of its own, those of `diff` one by one."""
    diff = {
        "format_version": "1.0",
        "topology": "lab",
        "source": "lab.yaml",
        "in_sync": False,
        "changes": [change(0)],
        "summary": {"update": 1},
        "notes": ["a note"],
        "health": [{"container": "web", "status": "unhealthy", "message": "unhealthy"}],
        **values.pop("diff", {}),
    }
    return {
        "document": "netdeploy saved plan",
        "format_version": "1.0",
        "netdeploy": __version__,
        "saved": "2026-01-01T00:00:00+00:00",
        "engine": {"id": "A", "name": "lab", "version": "28.0"},
        "file": {"path": "/nowhere/lab.yaml", "salt": "0" * 32, "digest": DIGEST, "wishes": DIGEST},
        "stand_ins": None,
        "objects": [thing(0)],
        "diff": diff,
        **values,
    }


def thing(number: int, **values: Any) -> dict[str, Any]:
    """An object of the engine."""
    return {"kind": "container", "name": f"web{number}", "id": "x", "status": "running", "digest": DIGEST, **values}


def change(number: int, **values: Any) -> dict[str, Any]:
    """A change of a container."""
    one = {"path": "containers.web.restart", "before": "no", "after": {"a": [1, True, None, 0.5]}, "effect": "update"}
    return {
        "action": "update",
        "kind": "container",
        "name": f"web{number}",
        "reason": "restart differs",
        "attributes": [one],
        **values,
    }
