"""``dvc.lock`` against files, without DVC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.errors import SettingsError
from assay.gateways.versioning import lockfile

PIPELINE = """\
stages:
  ingest:
    foreach: ${models}
    do:
      cmd: ingest
      deps:
        - data/inbox/${key}
      outs:
        - data/raw/${key}
  train:
    foreach: ${models}
    do:
      cmd: train
      deps:
        - data/raw/${key}/rows
        - src/train.py
      outs:
        - models/${key}
"""
RAW, MODEL = "data/raw/q", "models/q"


def write(path: str, text: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return lockfile.md5_of(Path(path))


def lock(**stages: tuple[dict[str, str], dict[str, str]]) -> None:
    def listed(digests: dict[str, str]) -> list[dict[str, Any]]:
        return [{"path": path, "hash": "md5", "md5": md5} for path, md5 in digests.items()]

    content = {
        f"{name}@q": {"cmd": name, "deps": listed(read), "outs": listed(wrote)}
        for name, (read, wrote) in stages.items()
    }
    content["ingest@other"] = {"cmd": "ingest", "outs": listed({"data/raw/other": "0" * 32})}
    content["old@q"] = {"cmd": "old", "outs": listed({"old": "0" * 32})}
    Path("dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": content}))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stages that ran: the second read one file of the folder that the first wrote."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text(PIPELINE)
    rows, weights = write(f"{RAW}/rows", "1 2 3"), write(MODEL, "0.5")
    code = write("src/train.py", "pass")
    folder = lockfile.md5_of(Path(RAW))
    lock(
        ingest=({"data/inbox/q": "1" * 32}, {RAW: folder}),
        train=({f"{RAW}/rows": rows, "src/train.py": code}, {MODEL: weights}),
    )


def test_digests_are_dvcs_own() -> None:
    """As `md5sum` gives them, and as DVC 3.67 wrote them for this folder."""
    assert lockfile.md5_of(Path(MODEL)) == "d310cb367d993fb6fb584b198a2fd72c"
    assert lockfile.md5_of(Path(RAW)) == "cb8143e197e13c940a250dfc66c48aed.dir"


def test_a_models_own_stages_are_read_in_the_pipelines_order() -> None:
    assert [stage.name for stage in lockfile.stages("q")] == ["ingest", "train"]
    assert list(lockfile.lock_entries("q")) == [RAW, MODEL]
    assert lockfile.lock_entries("nobody") == {}
    Path("dvc.lock").unlink()
    assert lockfile.stages("q") == []


def test_a_torn_lock_is_explained() -> None:
    Path("dvc.lock").write_text("stages: [")
    with pytest.raises(SettingsError, match=r"dvc\.lock is not readable"):
        lockfile.stages("q")


def test_all_well_is_no_finding() -> None:
    assert lockfile.verify_outputs("q") == []
    assert lockfile.verify_inputs("train", "q") == []
    assert lockfile.verify_chain("q") == []
    assert lockfile.has_outputs("q")
    assert not lockfile.has_outputs("other")
    assert lockfile.as_recorded(Path(RAW), "q") is True
    assert lockfile.as_recorded(Path("nowhere"), "q") is None


def test_a_missing_and_an_altered_output_are_findings() -> None:
    write(f"{RAW}/rows", "1 2 4")
    Path(MODEL).unlink()
    assert lockfile.verify_outputs("q") == [f"{RAW}: altered", f"{MODEL}: missing"]
    assert lockfile.as_recorded(Path(RAW), "q") is False
    assert lockfile.as_recorded(Path(MODEL), "q") is False


def test_a_stage_answers_for_what_it_reads_alone() -> None:
    write(MODEL, "0.6")
    assert lockfile.verify_inputs("train", "q") == []
    write(f"{RAW}/more", "a file that the folder did not have")
    assert lockfile.verify_inputs("train", "q") == [f"{RAW}: altered"]
    assert lockfile.verify_inputs("ingest", "q") == []
    assert lockfile.verify_inputs("unknown", "q") == []


def test_what_no_stage_writes_is_no_part_of_the_chain() -> None:
    """The code that a stage read may have changed since: DVC sees to that, by running it again."""
    write("src/train.py", "pass  # changed")
    assert lockfile.verify_chain("q") == []


def test_what_is_not_there_is_the_stages_own_finding() -> None:
    Path(f"{RAW}/rows").unlink()
    Path(RAW).rmdir()
    assert lockfile.verify_inputs("train", "q") == []


def test_a_stage_that_read_something_else_breaks_the_chain() -> None:
    rows, weights = write(f"{RAW}/rows", "4 5 6"), lockfile.md5_of(Path(MODEL))
    lock(
        ingest=({}, {RAW: lockfile.md5_of(Path(RAW))}),
        train=({f"{RAW}/rows": "2" * 32, RAW: "3" * 32}, {MODEL: weights}),
    )
    assert rows != "2" * 32
    assert lockfile.verify_outputs("q") == []
    assert lockfile.verify_chain("q") == [
        f"train read another {RAW}/rows than is recorded now",
        f"train read another {RAW} than is recorded now",
    ]


def test_sources_are_what_no_stage_writes_whether_it_is_there_or_not() -> None:
    Path(RAW, "rows").unlink()
    assert lockfile.verify_sources("q") == ["data/inbox/q: missing"]
    write("src/train.py", "pass  # changed")
    assert lockfile.verify_sources("q") == ["data/inbox/q: missing", "src/train.py: altered"]


def test_a_lock_by_itself_says_what_was_read_and_written() -> None:
    found = lockfile.locked("q")
    assert list(lockfile.outputs_in(found)) == [RAW, MODEL, "old"]
    assert list(lockfile.sources_in(found)) == ["src/train.py"]
    assert lockfile.outputs_in({}) == {}


def test_a_lock_by_itself_may_hold_outputs_of_other_models() -> None:
    found = lockfile.locked("q", ["data/raw/other", "data/raw/unknown"])
    assert lockfile.outputs_in(found)["data/raw/other"] == "0" * 32
    assert found["stages"]["ingest@other"].keys() == {"cmd", "outs"}
    pipeline = Path("dvc.yaml").read_bytes()
    (stage,) = lockfile.stages_in(json.dumps(found).encode(), pipeline, "other")
    assert stage.wrote == {"data/raw/other": "0" * 32}
    assert "data/raw/other" not in lockfile.outputs_in(lockfile.locked("q"))


def test_a_lock_without_a_model_holds_the_others() -> None:
    Path("dvc.lock").write_bytes(lockfile.without(Path("dvc.lock").read_bytes(), "q"))
    assert lockfile.lock_entries("q") == {}
    assert lockfile.lock_entries("other") == {"data/raw/other": "0" * 32}
