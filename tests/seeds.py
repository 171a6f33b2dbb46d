"""Hypothesis draws anew in every run, in CI too; a failure is printed with the command that repeats it."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

_PROFILE = "netdeploy"


@pytest.hookimpl(tryfirst=True)  # before Hypothesis reads its options
def pytest_configure(config: pytest.Config) -> None:
    # Hypothesis has a profile for CI that draws the same examples in every run: ours stands in its place. The limit is
    # for what hangs, on machines that have much else to do.
    settings.register_profile(
        _PROFILE,
        derandomize=False,
        print_blob=True,
        deadline=timedelta(seconds=20),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(_PROFILE)
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = secrets.randbelow(2**32)


def pytest_report_header(config: pytest.Config) -> str:
    return f"hypothesis seed: {config.option.hypothesis_seed}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and is_hypothesis_test(getattr(item, "obj", None)):
        command = f"pytest '{item.nodeid}' --hypothesis-seed={item.config.option.hypothesis_seed}"
        report.sections.append(("The same examples again", command))
    return report
