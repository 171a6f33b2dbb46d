"""Which engines the tests run on, and a loud word where there are none.

Root on Debian gets engines of the tests' own, one of each generation for each worker. Elsewhere the engine that answers
is used, by one worker at a time. Where none answers, all else runs, and the last line says what did not; in CI that is
an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from engine.engines import GENERATIONS, Choice, choose, stop_own

pytest_plugins = ("seeds",)
CHOICE = pytest.StashKey[Choice]()
NOT_RUN = pytest.StashKey[int]()
WITH_ENGINES = ("tests/engine/", "tests/hostile/live/")
NO_ENGINE = "there is no Docker engine (the last line says why)"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("netdeploy")
    names = ",".join(GENERATIONS)
    group.addoption("--generations", default="stable", help=f"the engines to run on, of {names} (default: stable)")
    group.addoption("--whole", action="store_true", help="all of each matrix, rather than a part that stands for it")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[CHOICE] = Choice(**config.workerinput["engines"])
        return
    wanted = config.getoption("generations").split(",")
    unknown = set(wanted) - set(GENERATIONS)
    if unknown:
        raise pytest.UsageError(f"--generations: there is no {', '.join(sorted(unknown))}; choose of {GENERATIONS}")
    if not _wants_engines(config):
        config.stash[CHOICE] = Choice((), "no folder with such tests was named")
        return
    choice = config.stash[CHOICE] = choose(wanted)
    if not choice.generations and os.environ.get("CI"):
        pytest.exit(f"no Docker engine for the tests: {choice.why_none}", returncode=2)


def _wants_engines(config: pytest.Config) -> bool:
    """Whether a folder or file with engine tests was named: installing engines takes a minute."""
    if config.getoption("help", default=False):
        return False
    named = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    folders = [config.rootpath / folder for folder in WITH_ENGINES]
    return any(there == path or path in there.parents or there in path.parents for there in folders for path in named)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of xdist what was chosen."""
    node.workerinput["engines"] = node.config.stash[CHOICE].as_dict()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """What may not be torn apart goes to one worker (xdist's own groups know no pytest 9)."""
    # only where xdist is in use
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415

    own = config.stash[CHOICE].own

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid, own=own)

    return Groups(config, log)


def group(nodeid: str, *, own: bool) -> str:
    """The tests that one worker runs in a row have the same group."""
    path, _, rest = nodeid.partition("::")
    if not path.startswith(WITH_ENGINES):
        return nodeid if path.startswith("tests/hostile/") else path  # quick ones: what little they share is made once
    if not own:
        return "engine"  # there is one engine, which is not the tests' own: one at a time
    if path.endswith(("/test_rows.py", "/test_spellings.py")):  # they look at what took a minute to make
        return path + next((generation for generation in GENERATIONS if f"[{generation}" in rest), "")
    return nodeid


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that needs an engine, once for each generation."""
    if "engine_generation" in metafunc.fixturenames:
        choice = metafunc.config.stash[CHOICE]
        metafunc.parametrize("engine_generation", choice.generations or ("none",), scope="session")


def _left_out(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """What runs with --whole only; of the cases of one test, those that remain are spread over all."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("whole"):
            yield item
        elif item.get_closest_marker("part"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for several in cases.values():
        marker = several[0].get_closest_marker("part")
        assert marker is not None
        wanted: int = marker.args[0]
        kept = {number * len(several) // wanted for number in range(wanted)}
        yield from (item for number, item in enumerate(several) if number not in kept)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("whole"):
        left_out = set(_left_out(items))
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    choice = config.stash[CHOICE]
    for item in items if not choice.generations else ():
        if "engine_generation" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=NO_ENGINE))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = terminalreporter.stats.get("skipped", [])
    config.stash[NOT_RUN] = sum(NO_ENGINE in str(report.longrepr) for report in reports)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        stop_own(config.stash.get(CHOICE, Choice(())))
    count = config.stash.get(NOT_RUN, 0)
    if count:
        why = config.stash[CHOICE].why_none
        print(f"\nNOT RUN: {count} tests that need a Docker engine: {why}.", flush=True)
