"""Who may know whom: every import of every module is read, those inside functions too."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "netdeploy"

# Each room may import these rooms of ours, besides itself and the ground floor (`allowed`, below).
MAY_KNOW = {
    "errors": set(),
    "files": set(),
    "masking": set(),
    "memory": set(),
    "visible": set(),
    "paths": set(),
    "strict_json": set(),
    "identity": set(),
    "document": set(),
    "topology": set(),
    "engine": set(),
    "attributes": {"topology", "engine.observed", "engine.normal_form"},
    "plan": {"document", "attributes", "topology", "engine.observed"},
    "apply": {"plan", "attributes", "engine"},
    "stand_ins": {"topology"},
    "workflow": {"document", "apply", "plan", "attributes", "engine", "topology", "stand_ins"},
    "verify": {"document", "workflow", "inspect", "plan", "attributes", "engine", "topology"},
    "inspect": {"document", "engine", "topology"},
    "graph": {"plan", "attributes", "topology", "engine.observed"},
    "render": {
        "document",
        "verify",
        "inspect",
        "workflow",
        "apply",
        "plan",
        "attributes",
        "topology",
        "engine.observed",
    },
    "cli": {
        *("render", "verify", "inspect", "graph", "workflow", "apply", "plan", "attributes", "engine", "topology"),
        "stand_ins",
    },
}
# Only these rooms may import these packages.
ONLY_IN = {"docker": {"engine"}, "requests": {"engine"}, "click": {"cli"}, "rich": {"render", "cli"}}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> set[str]:
    """All modules that a module imports, with full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_a_room_knows_only_the_rooms_below_it(module: Path) -> None:
    room = room_of(module)
    if room.startswith("__"):
        return
    allowed = {
        room,
        "errors",
        "files",
        "masking",
        "memory",
        "paths",
        "identity",
        "strict_json",
        "visible",
        "__version__",
        *MAY_KNOW[room],
    }
    for name in imports(module):
        if name.startswith("netdeploy."):
            inner = name.removeprefix("netdeploy.")
            assert any(inner == one or inner.startswith(f"{one}.") for one in allowed), f"{room} must not know {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_packages_stay_in_their_rooms(module: Path) -> None:
    for name in imports(module):
        package = name.split(".")[0]
        assert room_of(module) in ONLY_IN.get(package, {room_of(module)}), f"{package} does not belong here"


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) != "cli"], ids=lambda m: m.name)
def test_only_the_command_line_prints_asks_or_exits(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in {"print", "input", "exit", "sys.exit", "os._exit"}, (
                f"{module.name}:{node.lineno}: {name}"
            )


WRITERS = {"cli/streams.py", "cli/gated_console.py"}
WRITES = {
    *("print", "input", "open_new", "os.write", "traceback.print_exc", "warnings.warn", "pprint", "pprint.pprint"),
    *("logging.basicConfig", "getpass.getpass", "os.system", "faulthandler.enable", "os.fdopen", "rich.print"),
}


def writes(call: ast.Call) -> bool:
    """Whether a call writes to a stream, or makes something that does."""
    name = ast.unparse(call.func)
    of_click = name.startswith("click.") and name.rpartition(".")[2] in {
        *("echo", "secho", "confirm", "prompt", "pause", "edit", "getchar", "progressbar", "clear", "style"),
        *("echo_via_pager", "get_text_stream", "get_binary_stream"),
    }
    return of_click or name in WRITES or name.startswith(("sys.stdout", "sys.stderr", "sys.__std")) or name == "Console"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if str(m.relative_to(PACKAGE)) not in WRITERS], ids=lambda m: m.name
)
def test_nothing_is_written_but_through_the_gate(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        where = f"{module.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call):
            to_a_file = ast.unparse(node).startswith("os.fdopen(descriptor")
            assert to_a_file or not writes(node), f"{where}: {ast.unparse(node.func)} does not pass the gate"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr", "sys.__stdout__"}:
            raise AssertionError(f"{where}: a stream is for cli/streams alone")
        if isinstance(node, ast.ImportFrom) and node.module in {"click", "rich", "sys"}:
            names = {alias.name for alias in node.names}
            assert names.isdisjoint({"echo", "secho", "confirm", "prompt", "print", "stdout", "stderr"}), where


def loaded_by(*arguments: str) -> set[str]:
    """The packages that a command has imported when it ends."""
    code = (
        "import sys; from netdeploy.cli.main import run; run(sys.argv[1:]);"
        "print('\\n' + ' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help").isdisjoint({"docker", "jsonschema", "rich", "pydantic", "yaml", "requests"})


@pytest.mark.parametrize("command", ["validate", "graph"])
def test_what_needs_no_engine_loads_no_client(command: str) -> None:
    loaded = loaded_by(command, str(ROOT / "topologies" / "netflix.yaml"))
    assert loaded.isdisjoint({"docker", "jsonschema", "rich", "requests"})
    assert "pydantic" in loaded
