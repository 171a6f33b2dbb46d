"""Who is told what happens while an engine is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from netdeploy.apply.execute import Event
from netdeploy.apply.images import PullProgress
from netdeploy.plan.changes import Changes
from netdeploy.workflow.views import View


@dataclass(slots=True)
class Listener:
    """Who is told what happens meanwhile; every part may stay silent."""

    say: Callable[[str], None] = lambda _text: None
    on_view: Callable[[View], None] = lambda _view: None
    on_pull: Callable[[PullProgress], None] = lambda _progress: None
    may_adopt: Callable[[Changes], bool] = lambda _changes: False
    """Asked whether to take over what another file made that describes the same topology."""
    on_event: Callable[[Event], None] = lambda _event: None
    stop: threading.Event = field(default_factory=threading.Event)
