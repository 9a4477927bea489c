from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from assay.errors import MissingFile, UsageError
from assay.inputs.image import decode
from bench import images, project, recognition, seeds, stopwatch, tables, training, tutorial
from bench.__main__ import BENCHMARKS, LONG, PAGE, QUICK, main
from bench.measure import Spread, facts, in_turns, number, percentile, ratios
from tests import made
from tests.conftest import ROOT, settings
from tests.tasks.image_classification.made import LABELS, png, shades

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = """# Figures

Some words.

<!-- bench:one -->
old
<!-- /bench:one -->

More — words.

<!-- bench:two -->
<!-- /bench:two -->
The end, without a newline."""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        Path(name).touch()
    PAGE.parent.mkdir()
    PAGE.write_text(WORDS, encoding="utf-8")
    return PAGE


def test_a_table_is_written_between_its_markers_and_nothing_else_changes(page: Path) -> None:
    tables.write(page, "one", "| new |\n")
    assert page.read_text(encoding="utf-8") == WORDS.replace("\nold\n", "\n| new |\n")


def test_writing_a_table_twice_leaves_the_same_page(page: Path) -> None:
    tables.write(page, "two", "| 1 |")
    once = page.read_bytes()
    tables.write(page, "two", "| 1 |")
    assert page.read_bytes() == once


@pytest.mark.parametrize(
    "text",
    [
        "no marker",
        "<!-- bench:one -->\n",
        "<!-- /bench:one -->\n<!-- bench:one -->\n",
        WORDS + WORDS,
    ],
)
def test_a_page_without_a_place_for_the_table_is_refused_untouched(page: Path, text: str) -> None:
    page.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="one"):
        tables.require_markers(page, ["one"])
    with pytest.raises(UsageError, match="one"):
        tables.write(page, "one", "| new |")
    assert page.read_text(encoding="utf-8") == text


def test_a_missing_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        tables.require_markers(tmp_path / "benchmarks.md", ["one"])


def test_the_repository_has_a_place_for_every_table() -> None:
    tables.require_markers(ROOT / PAGE, BENCHMARKS)


def test_a_markdown_table_has_a_rule_and_as_many_cells_a_row() -> None:
    table = tables.markdown(["what", "s"], [["a", "1"], ["b", "2"]])
    assert table == "| what | s |\n| --- | ---: |\n| a | 1 |\n| b | 2 |"


def test_contenders_run_in_turns_and_ratios_are_taken_a_round() -> None:
    order: list[str] = []
    scripted = {"a": iter([1.0, 2.0, 10.0]), "b": iter([2.0, 8.0, 5.0])}

    def contender(name: str) -> Callable[[], float]:
        def run() -> float:
            order.append(name)
            return next(scripted[name])

        return run

    found = in_turns({name: contender(name) for name in scripted}, rounds=3)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert found == {"a": [1.0, 2.0, 10.0], "b": [2.0, 8.0, 5.0]}
    each = ratios(found["b"], found["a"])
    assert each == [2.0, 4.0, 0.5]
    # The median of ratios; the ratio of medians would be 2.5.
    assert Spread.of(each) == Spread(median=2.0, low=0.5, high=4.0)


def test_ratios_of_unequal_numbers_of_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_a_spread_shows_median_least_and_greatest() -> None:
    assert str(Spread.of([3.0, 1.0, 12.0])) == "3.00 (1.00–12.0)"
    assert (number(1234.5), number(0.0192)) == ("1,234", "0.019")


def test_the_95th_percentile_is_a_value_that_19_of_20_do_not_exceed() -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], 0.95) == 19.0
    assert percentile([7.0], 0.95) == 7.0


def test_facts_name_hardware_versions_and_runs() -> None:
    found = facts("3 rounds")
    for word in ("Hardware", "cores", "python 3.", "torch 2.", "dvc 3.", "prefect 3.", "3 rounds"):
        assert word in found


def test_the_whole_benchmark_writes_the_tables_that_were_asked_for(page: Path) -> None:
    asked: list[bool] = []

    def one(quick: bool) -> str:
        asked.append(quick)
        return "| measured |"

    benchmarks = {"one": one, "two": one}
    assert main(["--only", "one"], benchmarks) == 0
    assert asked == [False]
    assert page.read_text(encoding="utf-8") == WORDS.replace("\nold\n", "\n| measured |\n")


def test_quick_prints_is_marked_and_writes_nothing(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _everything(Path())
    benchmarks = {"one": lambda quick: f"quick is {quick}"}
    assert main(["--quick"], benchmarks) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(QUICK) and "quick is True" in shown
    assert _everything(Path()) == before


def test_a_page_without_markers_is_refused_before_anything_is_measured(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page.write_text("nothing", encoding="utf-8")
    asked: list[bool] = []

    def one(quick: bool) -> str:
        asked.append(quick)
        return ""

    assert main([], {"one": one}) == 2
    assert asked == []
    assert "next: put both lines" in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in LONG])
def test_without_a_built_model_each_benchmark_refuses_with_a_sentence(
    page: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", "--only", name]) == 2
    shown = capsys.readouterr()
    model = project.IMAGES if name == "recognition" else project.MODEL
    assert f"there is no data/splits/{model}/" in shown.err
    assert f"make run MODEL={model}" in shown.err
    assert shown.out == ""
    assert _everything(Path()) == {
        Path("dvc.yaml"): b"",
        Path("params.yaml"): b"",
        PAGE: WORDS.encode(),
    }


def test_spread_out_takes_the_same_rows_each_time_and_never_more_than_there_are() -> None:
    table = pd.DataFrame({"n": range(100)})
    assert project.spread_out(table, 5)["n"].tolist() == [0, 24, 49, 74, 99]
    assert len(project.spread_out(table, 1000)) == 100


def test_a_throw_away_project_holds_one_model_its_rows_and_the_stopwatch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    rows = _rows(12)
    made = project.lay_out(tmp_path / "a b", rows, stage_command="python -m bench.stopwatch")
    models = YAML(typ="safe").load((made.folder / "params.yaml").read_text())["models"]
    assert list(models) == [project.SLICE]
    assert models[project.SLICE]["ingest"]["source"] is None
    inbox = pd.read_parquet(made.folder / "data/inbox" / project.SLICE / "rows.parquet")
    assert inbox["text"].tolist() == rows["text"].tolist()
    commands = (made.folder / "dvc.yaml").read_text()
    assert commands.count("python -m bench.stopwatch") == 6
    assert "assay.stages " not in commands
    assert "clean" in made.call("git", "status")


def test_a_throw_away_project_takes_its_model_from_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    built = project.from_example(
        tmp_path / "a b", seeds.EXAMPLE, stage_command="python -m bench.stopwatch"
    )
    models = YAML(typ="safe").load((built.folder / "params.yaml").read_text())["models"]
    assert list(models)[-1] == seeds.MODEL
    seeds._settings(built, {"train": {"seed": 99}})
    models = YAML(typ="safe").load((built.folder / "params.yaml").read_text())["models"]
    assert models[seeds.MODEL]["train"]["seed"] == 99
    assert models[seeds.MODEL]["train"]["network"] == "speednet"


def test_an_hour_of_seeds_is_measured_only_by_name_and_refuses_without_its_example(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", "--only", "seeds"]) == 2
    assert f"there is no {seeds.EXAMPLE}" in capsys.readouterr().err
    asked: list[str] = []
    page.write_text(WORDS.replace("bench:two", "bench:seeds"), encoding="utf-8")

    def noted(name: str, _: bool) -> str:
        asked.append(name)
        return ""

    assert main([], {name: partial(noted, name) for name in ("one", "seeds")}) == 0
    assert asked == ["one"]


def test_the_tutorials_network_learns_from_the_rows_given_for_training(tmp_path: Path) -> None:
    rows = shades(600, size=tutorial.SIDE).assign(
        given=["train"] * 500 + ["test"] * 100,
        image=lambda table: [_square(content) for content in table["image"]],
    )
    raw, test = tmp_path / "raw.parquet", tmp_path / "test.parquet"
    rows.to_parquet(raw)
    rows[rows["given"].eq("test")].to_parquet(test)
    seconds, accuracy = tutorial.learn(raw, test, LABELS, 500, seed=0)
    assert seconds > 0
    # A tenth of the labels is wrong.
    assert 0.75 < accuracy <= 0.95


@pytest.mark.parametrize("stage", stopwatch.WORK)
def test_the_stopwatch_stands_around_functions_that_exist(stage: str) -> None:
    module, kind, function = stopwatch.WORK[stage]
    owner = f"m.{kind}" if kind else "m"
    code = f"import importlib; m = importlib.import_module({module!r}); {owner}.{function}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_stopwatch_adds_up_calls_and_lets_faults_through() -> None:
    watch = stopwatch.Stopwatch()
    double = watch.around(lambda value: 2 * value)
    assert double(2) == 4
    first = watch.seconds
    assert double(value=3) == 6
    assert watch.seconds > first > 0
    with pytest.raises(TypeError):
        double(1, 2)


# accelerate takes one arithmetic a process: those of one share it here.
FP32 = ["no-bf16", "trainer", "tutorial"]


@pytest.mark.parametrize("names", [FP32, [name for name in training.NAMES if name not in FP32]])
def test_every_loop_learns_from_the_same_rows_and_counts_real_tokens(
    names: list[str], tmp_path: Path, checkpoint: Path
) -> None:
    rows = _rows(16)
    for split in ("train", "validation"):
        target = tmp_path / "data/splits" / project.MODEL / f"{split}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(target, index=False)
    block = settings(checkpoint, train__batch_size=8)
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {project.MODEL: block}}, stream)
    # In a process of its own, as always: they set threads, seeds and the allocator. The tutorial
    # pads to 512 positions, which the small network does not have.
    code = (
        "import sys; from bench import loops; loops.TUTORIAL_LENGTH = 64\n"
        "for name in sys.argv[2:]: loops.main(name, sys.argv[1])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *names],
        cwd=tmp_path,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert answer.returncode == 0, answer.stderr
    # Trainer prints a summary of its own.
    lines = [line for line in answer.stdout.splitlines() if line.startswith('{"')]
    # Each text is n words that the tokenizer knows whole, and two special tokens.
    tokens = sum(len(text.split()) + 2 for text in rows["text"])
    assert len(lines) == len(names)
    for found in map(json.loads, lines):
        assert (found["rows"], found["tokens"]) == (16, tokens)
        assert found["seconds"] > 0


def _square(content: bytes) -> bytes:
    """Return an image cut to the network's size."""
    return png(decode(content, 1)[: tutorial.SIDE, : tutorial.SIDE, 0])


def _rows(count: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    words = np.array(["good", "bad", "film", "the", "was", "a", "very", "it"])
    return pd.DataFrame(
        {
            "id": [str(place) for place in range(count)],
            "text": [" ".join(random.choice(words, size=3 + place % 9)) for place in range(count)],
            "label": [("negative", "neutral", "positive")[place % 3] for place in range(count)],
            "domain": "film",
        }
    )


def _everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_images_goes_through_both_stages_and_their_memory_is_told(
    tmp_path: Path,
) -> None:
    found = images.measure(150, tmp_path)
    assert [taken.stage for taken in found] == ["ingest", "validate"]
    assert all(20 < taken.mebibytes < 4000 for taken in found)
    raw = pd.read_parquet(tmp_path / "data/raw/many.parquet", columns=["label"])
    assert raw["label"].value_counts().to_dict() == {f"bar {n}": 15 for n in range(10)}


def test_the_images_of_a_built_model_are_measured_beside_torch(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "IMAGES", made.MODEL)
    monkeypatch.chdir(made.built_images(checkpoint))
    text = recognition.measure(quick=True)
    for words in ("batch 1, 8 images", "whole file", recognition.EAGER, "100.00%"):
        assert words in text
    accuracies = [
        line.split("|")[-2] for line in text.splitlines() if recognition.BUNDLE + " |" in line
    ]
    assert len(accuracies) == 2
    assert all(0.5 < float(accuracy) <= 1 for accuracy in accuracies)
