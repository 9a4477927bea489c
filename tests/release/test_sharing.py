"""What of the rows leaves for MLflow: every file and note of a run, by ``tracking.texts``."""

from __future__ import annotations

import shutil
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from assay.files import read_json, write_json, write_text
from assay.gateways.tracking import store
from assay.paths import ModelPaths
from assay.release import sharing
from assay.release.register import Registration, register
from assay.reporting.markdown import escaped
from assay.settings.schema import Tracking
from tests import locks, made

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.xdist_group("mlflow")

FILES = ModelPaths(made.MODEL)
PLAIN = "the waiter knew Mrs Miller of room 12"  # a user's words, and nothing to mask
SECRETS = ("anna@example.org", "13800138000", "4111 1111 1111 1111", "11010519491231002X")
ROWS = f"{PLAIN}: {', '.join(SECRETS)}"


@pytest.fixture
def project(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built model whose reports an older version wrote: nothing in them is masked."""
    folder = tmp_path / "project"
    shutil.copytree(made.built(checkpoint), folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    page = FILES.report.read_text(encoding="utf-8")
    shown = unescape(escaped("@")).replace("@", "&#64;")
    rows = ROWS.replace("@", shown)
    picture = "## Worst errors in pictures\n\n![Worst](pictures/worst.png)\n"
    write_text(FILES.report, f"# reviews\n\n| worst | {rows} |\n\n{picture}\n{page}")
    shutil.copyfile(next(FILES.pictures.iterdir()), FILES.pictures / "worst.png")
    write_text(FILES.data_docs / "index.html", f"<p>{ROWS}</p>")
    write_json(FILES.validation, {"examples": [{"value": ROWS, "rows": 1}], "rows": 300})
    write_text(FILES.tables / "slices.csv", f'slice,rows\n"who: {ROWS}",3\n=1+1,0.5\n')
    locks.record(made.MODEL)
    return folder


def tracked(texts: str | None) -> tuple[Registration, dict[str, str], str]:
    """Register under ``tracking.texts``; return all that the run shows, its files by place."""
    yaml = YAML()
    content = yaml.load(Path("params.yaml"))
    if texts:
        content["tracking"] = {"texts": texts}
    with Path("params.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)
    done = register(made.MODEL)
    assert done.run_id, done.notes
    client = store.connect()
    run = client.get_run(done.run_id)
    folder = Path(client.download_artifacts(done.run_id, ""))
    files = {
        one.relative_to(folder).as_posix(): one.read_bytes().decode("utf-8", "replace")
        for one in folder.rglob("*")
        if one.is_file()
    }
    told = [*run.data.tags.values(), *run.data.params.values(), run.info.run_name]
    told += [version.description for version in client.search_model_versions("name='reviews'")]
    told += [client.get_registered_model(made.MODEL).description]
    return done, files, "\n".join(map(str, told))


def holding(files: Mapping[str, str], words: str) -> set[str]:
    return {place for place, text in files.items() if words in unescape(text)}


def test_none_sends_no_word_of_any_row(project: Path) -> None:
    _, files, told = tracked("none")
    for words in (PLAIN, *SECRETS):
        assert holding(files, words) == set()
        assert words not in unescape(told)
    assert {"metrics.json", "parity.json", "split.json", "tables/classes.csv"} <= set(files)
    assert "pictures/confusion.png" in files
    kept_back = {"report.md", "validation.json", "data_docs/index.html", "tables/slices.csv"}
    assert {*kept_back, "pictures/worst.png"} & set(files) == set()
    assert "| accuracy | " in told
    assert "`tracking.texts` is `none`" in told


def test_masked_sends_rows_without_what_is_personal_in_them(project: Path) -> None:
    done, files, told = tracked("masked")
    assert "of the rows that reports show, MLflow got: masked (tracking.texts)" in done.notes
    for words in SECRETS:
        assert holding(files, words) == set()
        assert words not in unescape(told)
    shown = {"report.md", "validation.json", "data_docs/index.html", "tables/slices.csv"}
    assert holding(files, PLAIN) == holding(files, "[card number]") == shown
    assert PLAIN in told
    assert "pictures/worst.png" not in files
    assert "pictures/worst.png" not in files["report.md"]
    assert "pictures%2Fworst.png" not in told
    # What isn't personal is as it was.
    assert files["metrics.json"] == FILES.metrics.read_text()
    assert files["tables/classes.csv"] == (FILES.tables / "classes.csv").read_text()
    assert "\n'=1+1,0.5\n" in files["tables/slices.csv"]


def test_all_sends_the_reports_as_they_are(project: Path) -> None:
    _, files, _ = tracked("all")
    shown = {"report.md", "validation.json", "data_docs/index.html", "tables/slices.csv"}
    assert holding(files, SECRETS[0]) == shown
    assert "pictures/worst.png" in files
    for place in shown:
        assert files[place] == (FILES.reports / place).read_text(encoding="utf-8")


def test_the_default_goes_by_where_the_store_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert sharing.texts_of(Tracking()) == "all"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert sharing.texts_of(Tracking()) == "masked"
    assert sharing.texts_of(Tracking(texts="all")) == "all"


def test_masking_changes_nothing_in_reports_that_are_masked(checkpoint: Path) -> None:
    reports = made.built(checkpoint) / FILES.reports
    page = (reports / "report.md").read_text(encoding="utf-8")
    assert sharing.MASKS[".md"](page) == page
    docs = (reports / "data_docs/index.html").read_text(encoding="utf-8")
    assert sharing.MASKS[".html"](docs) == docs
    assert read_json(reports / "validation.json")
