"""The verdict on each claim, and what a person or a program is told: the JSON document `verify -o json` prints.

The schema `schemas/verify.schema.json` is made from these models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from netdeploy.document import Document, schema_of
from netdeploy.errors import NetdeployError
from netdeploy.plan.shared_names import shared_names
from netdeploy.topology.rules_checks import HOST as SHOWN_HOST
from netdeploy.verify.cause import Cause, told
from netdeploy.verify.claim import Claim, Kind
from netdeploy.verify.diagnose import Diagnosis
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.world import HOST, World

FORMAT_VERSION: Literal["1.0"] = "1.0"
Verdict = Literal["passed", "failed", "untested"]
Mark = Literal["reaches", "separate", "wrong", "untested"]


class ClaimReport(Document):
    """Something that must hold, and whether it does."""

    kind: Kind
    """What is claimed: that a container runs (or has ended, as it is meant to), that it is healthy (where it was waited for), that two share one network, that a name resolves, that a port accepts, that an address answers, that two containers are kept apart, that a published port answers, that nothing else is published; or a check of the file."""  # noqa: E501
    source: str
    """The container it was tried from, by its name in the file; `host` for the engine's host."""
    from_host: bool = False
    """Whether it was tried from the engine's host, since a container may be called `host`."""
    target: str
    """The container it is about; empty where it is none of the file."""
    text: str
    """The claim in words."""
    verdict: Verdict
    """Whether it holds; `untested` never counts as passed."""
    saw: str = ""
    """What came of it, in a word."""
    why: str = ""
    """Of a failed one the cause, of an untested one the reason."""


class CauseReport(Document):
    """Why claims failed: one sentence for all that fail by it."""

    text: str
    """The cause."""
    hint: str
    """What to do."""
    shown_by: str = ""
    """The command that shows it; empty where nothing could be tried."""
    claims: tuple[str, ...]
    """The claims that fail by it."""


class CellReport(Document):
    """All that is known about one container reaching another."""

    source: str
    """The row: a container, or `host` for the engine's host."""
    from_host: bool = False
    """Whether the row is the engine's host."""
    target: str
    """The column: a container."""
    mark: Mark
    """`reaches`, `separate` (as it should be), `wrong` or `untested`."""


class VerifySummary(Document):
    """How many claims there are of each verdict."""

    passed: int
    """Those that hold."""
    failed: int
    """Those that do not."""
    untested: int
    """Those nobody can tell."""


class VerifyReport(Document):
    """What a verify found out about one topology."""

    format_version: Literal["1.0"] = FORMAT_VERSION
    """The version of this form."""
    topology: str
    """The topology's name."""
    source: str
    """The file."""
    passed: bool
    """Whether no claim failed, and all that can be tried was tried."""
    containers: tuple[str, ...]
    """The file's containers, in its order."""
    ports: dict[str, tuple[int, ...]]
    """The TCP ports each of them listens on."""
    matrix: tuple[CellReport, ...]
    """Who reaches whom."""
    unpublished: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By container, where this host reaches it though the port is not published (`172.18.0.3:8080`); tried only where the engine runs on this host."""  # noqa: E501
    causes: tuple[CauseReport, ...]
    """Why claims failed, each cause once."""
    warnings: tuple[str, ...] = ()
    """What is no failure and still worth knowing, such as names that somebody else's container has, too."""
    claims: tuple[ClaimReport, ...]
    """All claims."""
    summary: VerifySummary
    """In numbers."""


def judge(
    world: World, claims: Sequence[Claim], evidence: Evidence, source: str, besides: Sequence[Claim] = ()
) -> VerifyReport:
    """The verdict on each claim; `source` is the file as the user wrote it.

    `besides` is what was tried after the claims, and is told without a verdict.
    """
    outcomes = [evidence.outcomes.get(number) for number in range(len(claims))]
    verdicts = [_verdict(world, evidence, claim, outcome) for claim, outcome in zip(claims, outcomes, strict=True)]
    causes = _caused(Diagnosis(world, evidence), claims, outcomes, verdicts)
    sentences = {kind: told(cause for cause, _ in several) for kind, several in _by_kind(causes).items()}
    judged = []
    for number, (claim, outcome, verdict) in enumerate(zip(claims, outcomes, verdicts, strict=True)):
        why = sentences[causes[number].kind] if number in causes else _reason(world, evidence, claim, verdict)
        judged.append(_report(claim, verdict, outcome, why))
    count = {kind: sum(item.verdict == kind for item in judged) for kind in ("passed", "failed", "untested")}
    members = world.members
    cells: dict[tuple[str, str], list[ClaimReport]] = {}
    for claim, report in zip(claims, judged, strict=True):
        cells.setdefault((claim.source, claim.target), []).append(report)
    told_causes = tuple(
        CauseReport(
            text=sentences[kind],
            hint=kind[1],
            shown_by=several[0][0].shown_by,
            claims=tuple(claims[number].text for _, number in several),
        )
        for kind, several in _by_kind(causes).items()
    )
    told_causes += tuple(
        CauseReport(
            text=_nothing_tried(row, problem),
            hint=problem.hint,
            claims=tuple(
                claim.text
                for claim, report in zip(claims, judged, strict=True)
                if claim.source == row and report.verdict == "untested"
            ),
        )
        for row, problem in evidence.blind.items()
    )
    warnings = dict.fromkeys(shared.text for shared in shared_names(world.wishes, world.others))
    if evidence.unread:
        warnings[f"helper containers wrote {evidence.unread} lines that answer nothing they were asked"] = None
    return VerifyReport(
        topology=world.wishes.origin.topology,
        source=source,
        passed=not count["failed"] and not evidence.blind,
        containers=tuple(members),
        ports={key: member.ports("tcp") for key, member in members.items()},
        matrix=tuple(
            _cell(row, column, cells.get((row, column), ()))
            for row in (*members, HOST)
            for column in members
            if row != column
        ),
        unpublished=_reached(besides, evidence, len(claims)),
        causes=told_causes,
        warnings=tuple(text for text in warnings if text not in sentences.values()),
        claims=tuple(judged),
        summary=VerifySummary(**count),
    )


def _reached(besides: Sequence[Claim], evidence: Evidence, first: int) -> dict[str, tuple[str, ...]]:
    """The places that answered, by container; `first` is the number of the first one that was tried."""
    found: dict[str, tuple[str, ...]] = {}
    for number, tried in enumerate(besides, start=first):
        outcome = evidence.outcomes.get(number)
        if outcome is not None and outcome.word in ("ok", "small"):
            found[tried.target] = (*found.get(tried.target, ()), tried.text)
    return found


def failing(world: World, claims: Sequence[Claim], evidence: Evidence) -> list[Claim]:
    """The claims that were tried, should have had an answer, and had none."""
    outcomes = [evidence.outcomes.get(number) for number in range(len(claims))]
    return [
        claim
        for claim, outcome in zip(claims, outcomes, strict=True)
        if claim.probe is not None and outcome is not None and claim.probe.want == "yes"
        if _verdict(world, evidence, claim, outcome) == "failed"
    ]


def _caused(
    diagnosis: Diagnosis, claims: Sequence[Claim], outcomes: Sequence[Outcome | None], verdicts: Sequence[Verdict]
) -> dict[int, Cause]:
    """Why each claim failed that did, by its place in the list."""
    failed = (number for number, verdict in enumerate(verdicts) if verdict == "failed")
    return {number: diagnosis.cause(claims[number], outcomes[number]) for number in failed}


def _by_kind(causes: Mapping[int, Cause]) -> dict[tuple[str, str], list[tuple[Cause, int]]]:
    found: dict[tuple[str, str], list[tuple[Cause, int]]] = {}
    for number, cause in causes.items():
        found.setdefault(cause.kind, []).append((cause, number))
    return found


def _reason(world: World, evidence: Evidence, claim: Claim, verdict: Verdict) -> str:
    """Why nobody can tell."""
    if verdict == "passed" or claim.untested:
        return claim.untested if verdict == "untested" else ""
    if claim.source in evidence.blind:
        return _nothing_tried(claim.source, evidence.blind[claim.source])
    members = [world.members[key] for key in (claim.source, claim.target) if key in world.members]
    ended = next((member.ended for member in members if member.ended), "")
    if ended:
        return ended
    still = [member.key for member in members if not member.runs]
    return f"{' and '.join(still)} {'do' if still[1:] else 'does'} not run" if still else "it could not be tried"


def _verdict(world: World, evidence: Evidence, claim: Claim, outcome: Outcome | None) -> Verdict:
    if claim.untested or _says_nothing(world, claim):
        return "untested"
    if claim.probe is None:
        return "passed" if claim.holds else "failed"
    if outcome is None:  # it could not be tried: the source does not run, or could not be entered
        blind = claim.source in evidence.blind
        return "untested" if blind or claim.kind == "apart" or claim.probe.want != "yes" else "failed"
    return "passed" if _came_out(claim, outcome) else "failed"


def _says_nothing(world: World, claim: Claim) -> bool:
    """Whether a claim that something does not answer is about one that does not run, and so proves nothing."""
    target = world.members.get(claim.target)
    apart = claim.kind == "apart" or (claim.kind == "not published" and bool(claim.holds))
    unwanted = claim.kind == "check" and claim.probe is not None and claim.probe.want != "yes"
    return (apart or unwanted) and target is not None and not target.runs


def _nothing_tried(source: str, problem: NetdeployError) -> str:
    who = "the host" if source == HOST else f"`{source}`"
    return f"what is missing could not be tried from {who}: {problem.message}"


def _came_out(claim: Claim, outcome: Outcome) -> bool:
    """Whether what came of a probe is what was claimed."""
    probe = claim.probe
    if probe is None or outcome.word == "nothing":
        return False
    if claim.kind == "apart" and probe.kind == "lookup":
        return not claim.forbidden.intersection(outcome.addresses)
    if claim.kind == "name":
        return outcome.word == "ok" and (claim.expected is None or claim.expected.issuperset(outcome.addresses))
    if probe.want == "apart":
        return outcome.word not in ("ok", "refused")
    return (outcome.word == "ok") == (probe.want == "yes")


def _report(claim: Claim, verdict: Verdict, outcome: Outcome | None, why: str) -> ClaimReport:
    saw = " ".join((outcome.word, outcome.status, *outcome.addresses)).replace("  ", " ") if outcome else ""
    return ClaimReport(
        kind=claim.kind,
        source=SHOWN_HOST if claim.source == HOST else claim.source,
        from_host=claim.source == HOST,
        target=claim.target,
        text=claim.text,
        verdict=verdict,
        saw=saw.strip(),
        why=why,
    )


def _cell(row: str, column: str, judged: Sequence[ClaimReport]) -> CellReport:
    """What is known of one place in the matrix; a name that resolves reaches nobody yet."""
    verdicts = {claim.verdict for claim in judged}
    reaching = any(
        claim.verdict == "passed" and claim.kind in ("shared", "port", "address", "published") for claim in judged
    )
    mark: Mark
    if "failed" in verdicts:
        mark = "wrong"
    elif reaching:
        mark = "reaches"
    elif verdicts == {"passed"}:
        mark = "separate"
    else:
        mark = "untested"
    from_host = row == HOST
    return CellReport(source=SHOWN_HOST if from_host else row, from_host=from_host, target=column, mark=mark)


def verify_schema() -> dict[str, Any]:
    """The JSON Schema of what `verify -o json` prints."""
    about = "What `netdeploy verify -o json` prints: one report, or a list of them for several topologies."
    return schema_of(VerifyReport, "netdeploy verify", about, several=True)
