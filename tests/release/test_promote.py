"""From a built model to a champion, and back: the real command, git, DVC, MLflow and signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.files import sha256
from assay.gateways import versioning
from assay.paths import LEDGER
from tests.release.project import FILES, MODEL, Released, make

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A built model that was not promoted."""
    return make(tmp_path_factory.mktemp("built") / "a project")


@pytest.fixture(scope="module")
def first(built: Released, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Its first champion, committed."""
    project = built.copy(tmp_path_factory.mktemp("first") / "a project")
    answer = project.promote()
    assert answer["promoted"]
    project.commit("Release 1")
    return project


@pytest.fixture(scope="module")
def second(first: Released, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A champion, and a challenger in the workspace that learned from another seed."""
    project = first.copy(tmp_path_factory.mktemp("second") / "a project")
    project.set("train", seed=14)
    project.build()
    project.commit("Build again")
    return project


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[Released], Released]:
    """Return a function that copies a project for one test."""
    return lambda project: project.copy(tmp_path / "a copy")


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


def test_predict_asks_the_champion_and_not_the_workspace(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    before = project.predict()
    assert "release 1 (champion)" in before.stderr
    shutil.rmtree(project.folder / "models")
    after = project.predict()
    assert (after.returncode, after.stdout) == (0, before.stdout)


def _unsigned(project: Released) -> None:
    (project.folder / project.release(1).signature).unlink()


def _altered(project: Released) -> None:
    card = project.folder / project.release(1).bundle / "README.md"
    card.write_text(card.read_text() + " ")


def _extra(project: Released) -> None:
    (project.folder / project.release(1).bundle / "more.txt").write_text("more")


def _other_key(project: Released) -> None:
    (key,) = (project.folder / "releases/keys").iterdir()
    key.unlink()
    (project.folder / ".assay/signing.pem").unlink()
    project.assay("doctor", "--fix")


def _altered_certificate(project: Released) -> None:
    path = project.folder / project.release(1).certificate
    content = json.loads(path.read_text())
    content["payload"] = content["payload"][:-8] + "AAAAAAA="
    path.write_text(json.dumps(content))


def _edited_ledger(project: Released) -> None:
    path = project.folder / LEDGER
    path.write_text(path.read_text().replace('"version":1', '"version":2'))


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (_unsigned, "not signed"),
        (_altered, "README.md were altered"),
        (_extra, "more.txt is missing, or does not belong there"),
        (_other_key, "not trusted"),
        (_altered_certificate, "certificate"),
        (_edited_ledger, "line 1 of releases/ledger.jsonl"),
    ],
)
def test_what_does_not_hold_is_not_asked(
    first: Released,
    fresh: Callable[[Released], Released],
    attack: Callable[[Released], None],
    words: str,
) -> None:
    project = fresh(first)
    attack(project)
    done = project.predict()
    assert done.returncode == 3, done.stdout + done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_a_lost_bundle_is_restored_from_dvc_and_from_mlflow(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    answer = project.predict().stdout
    bundle = project.folder / project.release(1).bundle
    shutil.rmtree(bundle)
    shutil.rmtree(project.folder / "mlruns/artifacts")
    done = project.predict()
    assert "was restored from DVC" in done.stderr
    assert done.stdout == answer
    shutil.rmtree(bundle)
    shutil.rmtree(project.folder / ".dvc/cache")
    assert "lost" in project.predict().stderr
    other = first.copy(project.folder.parent / "another")
    shutil.rmtree(other.folder / other.release(1).bundle)
    shutil.rmtree(other.folder / ".dvc/cache")
    done = other.predict()
    assert "was restored from MLflow" in done.stderr
    assert done.stdout == answer


def test_a_champion_that_mlflow_lost_is_named_and_entered_again(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    shutil.rmtree(project.folder / "mlruns/artifacts")
    (bundle,) = (line["event"]["bundle"] for line in project.lines())
    done = project.assay("doctor")
    assert "MLflow has lost release 1" in done.stdout
    assert f"assay track {MODEL}" in done.stdout
    notes = project.answer("track", MODEL)["notes"]
    assert any("entered again, as version 2" in note for note in notes)
    assert project.alias() == bundle
    assert "lost" not in project.assay("doctor").stdout


def test_the_same_bytes_are_no_challenger(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    assert project.promote()["verdict"] is None
    assert len(project.lines()) == 1


def test_a_challenger_that_is_as_good_replaces_it_and_is_rolled_back(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    answer = project.promote()
    assert (answer["promoted"], answer["champion"], answer["before"]) == (True, 2, 1)
    rules = {rule["name"]: rule for rule in answer["verdict"]["rules"]}
    assert {"champion", "macro_f1", "slices", "parity", "size", "latency", "behaviour"} <= set(
        rules
    )
    assert {"labels", "looks", "certificate"} <= set(rules)
    assert rules["champion"]["figures"]["level"] == pytest.approx(0.025)
    assert rules["looks"]["figures"]["look"] == 1
    first_line, second_line = project.lines()
    assert project.alias() == second_line["event"]["bundle"]

    back = project.answer("rollback", MODEL, "--reason", "a customer complained")
    assert (back["champion"], back["before"]) == (1, 2)
    assert any("train.seed 14 -> 13" in line for line in back["changes"])
    assert project.alias() == first_line["event"]["bundle"]
    assert "release 1 (champion)" in project.predict().stderr

    history = project.answer("history", MODEL)
    assert [entry["event"]["kind"] for entry in history["entries"]] == [
        "promotion",
        "promotion",
        "rollback",
    ]
    assert history["champion"] == 1
    forward = project.answer("rollback", MODEL, "--to", "2")
    assert forward["champion"] == 2


def test_a_release_is_verified_in_a_clean_worktree_and_the_ledger_says_so(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    # What lies in the folder now has nothing to do with it.
    (project.folder / "params.yaml").write_text("models: {}\n# being edited\n")
    assert "there is no model" in project.refused("verify", MODEL, "--quick", code=2)
    assert project.call("git", "checkout", "params.yaml").returncode == 0
    shutil.rmtree(project.folder / "models")
    answer = project.answer("verify", MODEL, "--quick")
    assert (answer["version"], answer["result"], answer["exit_code"]) == (1, "equal_so_far", 0)
    assert answer["step"] > 0
    assert "proves that the code of the recorded commit" in answer["proves"]
    event = project.lines()[-1]["event"]
    assert (event["kind"], event["result"], event["quick"]) == (
        "verification",
        "equal_so_far",
        True,
    )
    assert project.call("git", "worktree", "list").stdout.count("\n") == 1


def test_what_cannot_be_verified_is_said(first: Released) -> None:
    words = ("verify", MODEL, "--version", "1", "--rev", "HEAD")
    assert "both --version and --rev" in first.refused(*words, code=2)
    assert "no release 9" in first.refused("verify", MODEL, "--version", "9", code=2)
    assert "git knows no commit" in first.refused("verify", MODEL, "--rev", "nowhere", code=2)


def test_rolling_back_to_what_is_not_there_is_refused(first: Released) -> None:
    assert "no release before 1" in first.refused("rollback", MODEL, code=2)
    assert "no release 7" in first.refused("rollback", MODEL, "--to", "7", code=2)


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


def test_mlflow_down_delays_the_alias_alone(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    answer = project.promote(MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert answer["champion"] == 2
    assert any("does not follow yet" in note for note in answer["notes"])
    before, after = (line["event"]["bundle"] for line in project.lines())
    assert project.alias() == before
    project.answer("track", MODEL)
    assert project.alias() == after


KILLED = """
import os, sys
from assay.release import aliases, ledger, promote
def stop(*_, **__):
    os.kill(os.getpid(), 9)
setattr({module}, {name!r}, stop)
promote.promote({model!r})
"""


@pytest.mark.parametrize(
    ("module", "name", "version"), [("aliases", "follow", 2), ("ledger", "append", 1)]
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


def test_an_alias_that_somebody_moved_follows_the_ledger_again(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    project.promote()
    program = (
        "from mlflow import MlflowClient; c = MlflowClient('sqlite:///mlruns/mlflow.db'); "
        f"c.set_registered_model_alias('{MODEL}', 'champion', '1')"
    )
    assert project.call("python", "-c", program).returncode == 0
    project.promote()
    assert project.alias() == project.lines()[-1]["event"]["bundle"]


def test_of_two_promotions_at_once_one_waits_and_finds_it_done(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    words = [sys.executable, "-m", "assay", "promote", MODEL, "--json"]
    both = [
        subprocess.Popen(
            words,
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [json.loads(one.communicate(timeout=300)[0]) for one in both]
    assert sorted(answer["promoted"] for answer in answers) == [False, True]
    assert {answer["champion"] for answer in answers} == {2}
    assert len(project.lines()) == 2


def test_a_moved_clone_keeps_champion_and_history(second: Released, tmp_path: Path) -> None:
    project = second.copy(tmp_path / "here")
    moved = Released(project.folder.rename(tmp_path / "elsewhere and with spaces"))
    assert "release 1 (champion)" in moved.predict().stderr
    assert moved.answer("history", MODEL)["champion"] == 1
    assert moved.promote()["champion"] == 2
    assert moved.alias() == moved.lines()[-1]["event"]["bundle"]


def test_a_failed_retraining_changes_nothing_of_the_champion(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    before = project.predict().stdout
    (project.folder / FILES.inbox / "rows.csv").write_text("age,debt\n1,2\n")
    done = project.assay("run", MODEL)
    assert done.returncode == 3, done.stderr
    assert project.predict().stdout == before


def test_pruning_never_removes_what_a_ledger_entry_names(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    project.set("gate", floors={"accuracy": 0.999})
    project.promote(code=4)
    cache = project.folder / ".dvc/cache/files/md5"
    junk = cache / "00" / ("0" * 30)
    junk.parent.mkdir(parents=True, exist_ok=True)
    junk.write_bytes(b"nobody names this")
    # As if nothing were committed any more: the ledger and the certificates alone hold it.
    shutil.rmtree(project.folder / ".git")
    assert project.call("git", "init", "--quiet").returncode == 0
    (project.folder / "dvc.lock").unlink()
    for path in cache.rglob("*"):
        os.utime(path, (0, 0))
    before = {path for path in cache.rglob("*") if path.is_file()}
    program = "from assay.release.pruning import prune; print(prune(30))"
    done = project.call(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    after = {path for path in cache.rglob("*") if path.is_file()}
    assert junk in before - after
    for folder in (project.release(1).bundle, Path("models"), FILES.raw, Path("data/splits")):
        shutil.rmtree(project.folder / folder, ignore_errors=True)
    restored = project.predict()
    assert "was restored from DVC" in restored.stderr
    rows = project.folder / FILES.inbox / "rows.csv"
    named = json.loads((project.folder / LEDGER).read_text().splitlines()[-1])["event"]["tested"]
    assert any(path.name == named[2:] for path in after)
    digest = versioning.md5_of(rows)
    assert cache / digest[:2] / digest[2:] in after
