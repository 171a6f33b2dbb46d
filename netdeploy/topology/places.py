"""Where each path of a document stands in the file, and how a person who reads the file would call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.topology.yaml_source import Entry, Mapping, Node, Sequence

if TYPE_CHECKING:
    from netdeploy.topology.problem import Mark, Path


class Places:
    """Looks up paths in one tree. Keys are indexed once, so that a file with thousands of problems stays quick."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._indexes: dict[int, dict[str, Entry]] = {}

    def node(self, path: Path) -> Node | None:
        """What stands at `path`, or None."""
        node: Node | None = self._root
        for part in path:
            if isinstance(node, Mapping):
                entry = self._entry(node, part)
                node = entry.value if entry else None
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            else:
                return None
        return node

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Where `path` stands: its value, or with `key` the key itself; if it is not there, the nearest parent."""
        node, mark = self._root, self._root.mark
        for index, part in enumerate(path):
            last = index == len(path) - 1
            if isinstance(node, Mapping):
                entry = self._entry(node, part)
                if entry is None:
                    return mark
                node = entry.value
                # a block mapping begins on the next line: the key is where a person looks
                at_key = (last and key) or isinstance(node, Mapping | Sequence)
                mark = entry.key.mark if at_key else node.mark
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                mark = node.mark
            else:
                return mark
        return mark

    def written(self, path: Path) -> Path:
        """`path` as far as it can be followed in the file: a short form has nothing inside, a list has numbers."""
        node: Node | None = self._root
        shown: list[str | int] = []
        for part in path:
            if isinstance(node, Mapping | Sequence) and node.made:
                break
            if isinstance(node, Mapping):
                entry = self._entry(node, part)
                shown.append(part if entry is None or entry.index is None else entry.index)
                node = entry.value if entry else None
            else:
                shown.append(part)
                inside = isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items)
                node = node.items[part] if inside else None  # type: ignore[union-attr,index]
        return tuple(shown)

    def _entry(self, mapping: Mapping, key: str | int) -> Entry | None:
        index = self._indexes.get(id(mapping))
        if index is None:
            index = self._indexes[id(mapping)] = {entry.key.text: entry for entry in mapping.entries}
        return index.get(str(key))
