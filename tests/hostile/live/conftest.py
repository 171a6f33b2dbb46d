"""The engines and the bench of the engine tests."""

from engine.conftest import busybox, by_hand, engine, lab, proxy, quick_to_settle

__all__ = ["busybox", "by_hand", "engine", "lab", "proxy", "quick_to_settle"]
