from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from unit.builders import IMAGES, compared, standing, taken_down, wishes_of
from unit.paper_engine import PaperEngine
from unit.plan.situations import SITUATIONS, TWO, Situation

from netdeploy.attributes.table import AttributeChange, Effect
from netdeploy.masking import MASK, without_secrets
from netdeploy.plan.changes import Action, Changes, ContainerChange
from netdeploy.plan.report import DiffReport, diff_schema, report
from netdeploy.render.diff_text import diff_text

VALIDATOR = Draft202012Validator(diff_schema())


def of_environment(name: str, before: Any, after: Any, section: str = "environment") -> DiffReport:
    path = f"{section}.{name}"
    attribute = AttributeChange(f"containers.web.{path}", path, before, after, Effect.REPLACE)
    change = ContainerChange(action=Action.REPLACE, name="web", reason="it differs", attributes=(attribute,))
    return report(Changes("lab", (change,)), "lab.yaml")


def situation_report(situation: Situation) -> DiffReport:
    engine = standing(situation.before) if situation.before else PaperEngine(IMAGES)
    situation.by_hand(engine)
    wanted = wishes_of(situation.after) if situation.after else taken_down()
    changes, _ = compared(wanted, engine, remove_volumes=situation.remove_volumes)
    return report(changes, "lab.yaml" if situation.after else None)


def test_the_schema_is_a_schema_and_describes_every_field() -> None:
    schema = diff_schema()
    Draft202012Validator.check_schema(schema)
    for name, definition in schema["$defs"].items():
        for field, value in definition["properties"].items():
            assert value.get("description"), f"{name}.{field}"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_each_report_meets_the_schema_alone_and_in_a_list(situation: Situation) -> None:
    document = json.loads(json.dumps(situation_report(situation).model_dump(mode="json")))
    VALIDATOR.validate(document)
    VALIDATOR.validate([document, document])
    assert sum(document["summary"].values()) == len(document["changes"])
    assert document["in_sync"] == (not document["changes"])


def test_the_schema_refuses_unknown_keys_and_actions() -> None:
    document = of_environment("MODE", "a", "b").model_dump(mode="json")
    assert not VALIDATOR.is_valid({**document, "more": 1})
    document["changes"][0]["action"] = "explode"
    assert not VALIDATOR.is_valid(document)


def test_a_report_in_full() -> None:
    engine = standing(TWO)
    engine.endpoint("db", "back")["Aliases"] = ["db.local"]
    engine.container("web")["HostConfig"]["RestartPolicy"] = {"Name": "always"}
    changes, _ = compared(wishes_of(TWO), engine)
    assert report(changes, "lab.yaml").model_dump(mode="json") == {
        "format_version": "1.0",
        "topology": "lab",
        "prefix": "",
        "source": "lab.yaml",
        "made_from": None,
        "contested": False,
        "in_sync": False,
        "changes": [
            {
                "action": "update",
                "kind": "container",
                "name": "web",
                "network": None,
                "reason": "`restart` differs",
                "hint": None,
                "attributes": [
                    {"path": "containers.web.restart", "before": "always", "after": "no", "effect": "update"}
                ],
            },
            {
                "action": "reconnect",
                "kind": "attachment",
                "name": "db",
                "network": "back",
                "reason": "alias `database` is missing, alias `db.local` is not in the file",
                "hint": None,
                "attributes": [
                    {
                        "path": "containers.db.networks.back.aliases",
                        "before": ["db.local"],
                        "after": ["database"],
                        "effect": "reconnect",
                    }
                ],
            },
        ],
        "summary": {"update": 1, "reconnect": 1},
        "notes": [],
        "stand_ins": [],
        "health": [],
        "by_name": False,
        "right": None,
        "wanted": None,
    }


SECRETS = (
    "DB_PASSWORD", "MYSQL_ROOT_PASSWORD", "PASSWD", "PGPASS", "PASSPHRASE", "API_KEY", "APIKEY", "AUTH_TOKEN", "TOKEN",
    "AWS_SECRET_ACCESS_KEY", "SECRET", "PRIVATE_KEY", "REDIS_AUTH", "DB_PWD", "GOOGLE_CREDENTIALS", "ENCRYPTION_KEY",
    "db_password", "my.secret.value", "SIGNING_KEYS",
)  # fmt: skip
NO_SECRETS = ("MODE", "PATH", "AUTHOR", "KEYBOARD", "MONKEY", "PWDX", "HOST", "COMPASSION", "OAUTHOR")


@pytest.mark.parametrize("name", SECRETS)
def test_the_values_of_secrets_are_masked_in_json_and_text(name: str) -> None:
    made = of_environment(name, "hunter2", "hunter3")
    attribute = made.changes[0].attributes[0]
    assert (attribute.before, attribute.after) == (MASK, MASK)
    assert "hunter" not in made.model_dump_json() + diff_text(made).plain


def test_a_secret_that_comes_or_goes_is_told_apart_from_none() -> None:
    attribute = of_environment("TOKEN", None, "x").changes[0].attributes[0]
    assert (attribute.before, attribute.after) == (None, MASK)


@pytest.mark.parametrize("name", NO_SECRETS)
def test_other_values_are_shown(name: str) -> None:
    assert of_environment(name, "hunter2", "x").changes[0].attributes[0].before == "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:pa55@host:6379/0", f"redis://user:{MASK}@host:6379/0"),
        ("redis://:pa55@host", f"redis://:{MASK}@host"),
        ("postgresql+asyncpg://u:p@ss@host/db", f"postgresql+asyncpg://u:{MASK}@host/db"),
        ("amqp://a:b@h1,amqp://c:d@h2", f"amqp://a:{MASK}@h1,amqp://c:{MASK}@h2"),
        ("http://host:8080/path", "http://host:8080/path"),
        ("http://host/a:b@c", "http://host/a:b@c"),
        ("mail me@example.org: now", "mail me@example.org: now"),
    ],
)
def test_passwords_in_urls_are_masked_wherever_they_stand(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert without_secrets({"test": ["CMD", url]}) == {"test": ["CMD", shown]}
    assert of_environment("URL", url, None).changes[0].attributes[0].before == shown
    assert of_environment("x", None, url, section="labels").changes[0].attributes[0].after == shown


def test_names_with_dots_keep_their_path() -> None:
    before = TWO.replace("MODE: a", "spring.profile: a").replace("  web:", "  web.1:")
    after = before.replace("profile: a", "profile: b")
    changes, _ = compared(wishes_of(after), standing(before))
    assert [a.path for change in report(changes, None).changes for a in change.attributes] == [
        "containers.db.environment.spring.profile"
    ]


def test_reasons_name_up_to_three_attributes_and_count_more() -> None:
    few = TWO.replace("MODE: a", "MODE: b, A: x, B: y")
    many = TWO.replace("MODE: a", "MODE: b, A: x, B: y, C: z")
    reasons = [compared(wishes_of(text), standing(TWO))[0].changes[0].reason for text in (few, many)]
    assert reasons == [
        "`environment.A`, `environment.B`, `environment.MODE` differ",
        "4 attributes differ",
    ]


def test_no_reason_and_no_hint_speaks_in_code() -> None:
    for situation in SITUATIONS:
        for change in situation_report(situation).changes:
            assert not re.search(r"None|\[|\{|<|sha256", change.reason + (change.hint or "")), change.reason
