from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from bench import examples
from bench.examples import Size

if TYPE_CHECKING:
    import pytest

    from bench.project import Project


@dataclass(frozen=True)
class Seen:
    name: str
    seed: int
    limit: int
    note: str = "seen"


def seen(built: Project, name: str, seed: int) -> Seen:
    """Return what the project's settings say of the model."""
    settings = YAML(typ="safe").load((built.folder / "params.yaml").read_text(encoding="utf-8"))
    return Seen(name, seed, settings["models"][name]["ingest"]["limit"])


def test_each_example_is_measured_from_each_seed_with_its_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size = Size({"sst2": (13, 14), "hotels": (13,)}, {"ingest": {"limit": 900}})
    found = examples.each("texts", size, seen)
    expected = [Seen("sst2", 13, 900), Seen("sst2", 14, 900), Seen("hotels", 13, 900)]
    assert found == expected
    assert "seen" in capsys.readouterr().err
