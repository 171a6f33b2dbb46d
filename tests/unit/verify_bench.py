"""The bench of verify's unit tests: topologies that stand on paper, what a network answers, and the verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unit.builders import standing, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.verify.claim import Claim
from netdeploy.verify.claims import claims
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.verdict import VerifyReport, judge
from netdeploy.verify.world import World, world

EXERCISE = """
name: lab
containers:
  web: {image: nginx, networks: [front], ports: ["8080:80"]}
  app: {image: busybox, networks: {front: {aliases: [shop]}, back: }, expose: [9000, 53/udp]}
  db: {image: busybox, networks: {back: {aliases: [store]}}}
networks: {front: , back: }
checks:
  - {from: web, to: "shop:9000", name: the site finds its shop}
"""


def world_of(text: str = EXERCISE, engine: PaperEngine | None = None) -> World:
    stands = engine or standing(text)
    return world(wishes_of(text), stands.snapshot())


def all_is_well(around: World) -> Evidence:
    """What a network answers that is as its file says."""
    outcomes = {}
    for number, claim in enumerate(claims(around)):
        if claim.probe is None:
            continue
        word = {"yes": "ok", "no": "unresolved" if claim.probe.kind == "lookup" else "refused", "apart": "timeout"}
        outcomes[number] = Outcome(word[claim.probe.want], tuple(claim.expected or ()) or (claim.probe.host,))
        if claim.probe.want == "no" and claim.probe.kind == "lookup":
            outcomes[number] = Outcome("unresolved")
    return Evidence(outcomes, dict.fromkeys(around.members, ()))


def judged(around: World, changed: Mapping[str, Outcome] | None = None, **evidence: object) -> VerifyReport:
    """The report where all is well but for what came of some claims, by their text."""
    wanted = claims(around)
    seen = all_is_well(around)
    outcomes = dict(seen.outcomes)
    for text, outcome in (changed or {}).items():
        (number,) = [number for number, claim in enumerate(wanted) if claim.text == text]
        outcomes[number] = outcome
    return judge(around, wanted, replace(seen, outcomes=outcomes, **evidence), "lab.yaml")  # type: ignore[arg-type]


def causes(report: VerifyReport) -> list[str]:
    return [cause.text for cause in report.causes]


def marks(report: VerifyReport) -> dict[tuple[str, str], str]:
    return {(cell.source, cell.target): cell.mark for cell in report.matrix}


def between(around: World, source: str, target: str) -> list[tuple[str, str]]:
    """The claims about one container and another, as (kind, text)."""
    return [(c.kind, c.text) for c in claims(around) if (c.source, c.target) == (source, target)]


def claim(around: World, text: str) -> Claim:
    (found,) = [one for one in claims(around) if one.text == text]
    return found
