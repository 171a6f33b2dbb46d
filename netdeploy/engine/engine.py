"""An engine, as the rooms above use it: a reader to look, and an operator once something is to be changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from netdeploy.engine.reader import Reader

if TYPE_CHECKING:
    from netdeploy.engine.connect import Endpoint
    from netdeploy.engine.operate import Operator


@dataclass(slots=True)
class Engine:
    """Connected at once, so that it raises EngineUnreachable here and not in the middle of things."""

    endpoint: Endpoint
    reader: Reader = field(init=False)
    _operator: Operator | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.reader = Reader(self.endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self.reader.close()
        if self._operator:
            self._operator.close()

    def operator(self) -> Operator:
        """Made at the first call: whoever only looks never loads the SDK."""
        from netdeploy.engine.operate import Operator  # noqa: PLC0415

        with self._lock:
            if self._operator is None:
                self._operator = Operator(self.endpoint, self.reader.api_text)
            return self._operator
