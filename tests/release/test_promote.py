"""From a built model to a champion: the real command, git, DVC, MLflow and kill signals."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.files import sha256
from assay.paths import LEDGER
from tests.release.project import FILES, MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_first_champion_is_signed_certified_and_aliased(first: Released) -> None:
    paths = first.release(1)
    (line,) = first.lines()
    assert line["event"]["kind"] == "promotion"
    assert line["event"]["verdict"]["policy"] == "first"
    assert sha256(first.folder / paths.bundle) == line["event"]["bundle"]
    assert first.alias() == line["event"]["bundle"]
    (key,) = (first.folder / "releases/keys").iterdir()
    program = Path(sys.executable).parent / "model_signing"
    words = ("verify", "key", paths.bundle, "--signature", paths.signature, "--public_key", key)
    assert first.call(str(program), *map(str, words)).returncode == 0


def test_the_certificate_is_an_in_toto_statement_of_slsa(first: Released) -> None:
    import base64

    envelope = json.loads((first.folder / first.release(1).certificate).read_text())
    stated = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert stated["_type"] == "https://in-toto.io/Statement/v1"
    assert stated["predicateType"] == "https://slsa.dev/provenance/v1"
    bundle = first.folder / first.release(1).bundle
    assert {one["name"]: one["digest"]["sha256"] for one in stated["subject"]} == {
        path.name: sha256(path) for path in bundle.iterdir()
    }
    built = stated["predicate"]["buildDefinition"]
    names = {one["name"] for one in built["resolvedDependencies"]}
    assert {"code", "requirements.lock", str(FILES.raw), str(FILES.split("test"))} <= names
    assert f"{FILES.inbox}/rows.csv" in names
    assert built["internalParameters"]["dirty"] is False
    byproducts = {
        one["name"]: one["annotations"]["content"]
        for one in stated["predicate"]["runDetails"]["byproducts"]
    }
    assert byproducts["trace"]["points"][0]["step"] == 0
    assert f"evaluate@{MODEL}" in byproducts["lock"]["stages"]


def test_git_has_no_bundle_and_no_private_key(first: Released) -> None:
    listed = first.call("git", "ls-files").stdout.splitlines()
    assert f"{first.release(1).certificate}" in listed
    assert LEDGER.as_posix() in listed
    released = [name for name in listed if name.startswith("releases/")]
    assert len(released) == 4  # certificate, signature, public key, ledger
    assert not any(name.endswith(".pem") for name in listed)


def test_the_same_bytes_are_no_challenger(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    assert project.promote()["verdict"] is None
    assert len(project.lines()) == 1


def test_a_refusal_leaves_the_champion_and_says_every_rule(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    project.set("gate", floors={"accuracy": 0.999})
    before = sha256(project.folder / project.release(1).bundle)
    answer = project.promote(code=4)
    assert not answer["promoted"]
    refused = [rule["name"] for rule in answer["verdict"]["rules"] if not rule["passed"]]
    assert refused == ["floor_accuracy"]
    assert project.lines()[-1]["event"]["kind"] == "refusal"
    assert sha256(project.folder / project.release(1).bundle) == before
    assert "release 1 (champion)" in project.predict().stderr
    # The same challenger on the same rows is no new look.
    again = project.promote(code=4)
    looks = [
        rule["figures"]["look"]
        for one in (answer, again)
        for rule in one["verdict"]["rules"]
        if rule["name"] == "looks"
    ]
    assert looks == [1, 1]


def test_what_is_not_committed_is_not_promoted(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    module = project.folder / "src/assay/ranks.py"
    module.write_text(module.read_text() + "\n")
    answer = project.promote(code=4)
    (rule,) = [one for one in answer["verdict"]["rules"] if one["name"] == "certificate"]
    assert "not committed: src/assay/ranks.py" in rule["found"]
    assert "changed since it was built: src/assay/ranks.py" in rule["found"]


def test_without_a_key_nothing_is_decided(
    built: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(built)
    (project.folder / ".assay/signing.pem").unlink()
    assert "assay doctor --fix" in project.refused("promote", MODEL, code=2)
    assert project.lines() == []


KILLED = """
import os, sys
from assay.release import aliases, ledger, promote
def stop(*_, **__):
    os.kill(os.getpid(), 9)
setattr({module}, {name!r}, stop)
promote.promote({model!r})
"""


@pytest.mark.parametrize(
    ("module", "name", "version"), [("aliases", "update", 2), ("ledger", "append", 1)]
)
def test_killed_between_release_ledger_and_alias_the_next_command_heals(
    second: Released,
    fresh: Callable[[Released], Released],
    module: str,
    name: str,
    version: int,
) -> None:
    project = fresh(second)
    program = KILLED.format(module=module, name=name, model=MODEL)
    done = project.call(sys.executable, "-c", program, PYTHONPATH="src")
    assert done.returncode == -signal.SIGKILL
    assert f"release {version} (champion)" in project.predict().stderr
    assert project.answer("history", MODEL)["champion"] == version
    assert project.alias() == project.lines()[-1]["event"]["bundle"]
    # The folder that a killed run left behind is in nobody's way.
    answer = project.promote()
    assert answer["champion"] == 2
    assert project.alias() == project.lines()[-1]["event"]["bundle"]


def test_of_two_promotions_at_once_one_waits_and_finds_it_done(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    both = [project.start("promote", MODEL, "--json") for _ in range(2)]
    answers = [json.loads(one.communicate(timeout=300)[0]) for one in both]
    assert sorted(answer["promoted"] for answer in answers) == [False, True]
    assert {answer["champion"] for answer in answers} == {2}
    assert len(project.lines()) == 2
