from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bench import project, seeds
from bench.__main__ import BENCHMARKS, LONG, PAGE, QUICK, main
from tests.bench.made import WORDS

DRAWN = "gate"  # needs no built model


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


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in (*LONG, DRAWN)])
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


def _everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
