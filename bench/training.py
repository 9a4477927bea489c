"""Our training loop beside the tutorial's and ``Trainer``, and what each of our switches brings.

Reads the workspace's train split. Writes temporary folders alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import StageFailed
from assay.learning.precision import in_bf16
from assay.modalities.text import pretrained
from assay.modalities.text.encoding import TOKENIZER, TextEncoder
from assay.paths import ModelPaths
from bench import project, tables
from bench.measure import Spread, facts, in_turns, ratios
from bench.peak import GIGA, TRAINING, Shares, operations_a_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.tasks.text_classification.settings import TextClassificationModel


@dataclass(frozen=True)
class Size:
    """How much is measured: the tutorial's loop gets fewer rows, since a row takes it seconds."""

    rows: int
    tutorial_rows: int
    rounds: int


FULL, QUICK = Size(rows=320, tutorial_rows=24, rounds=3), Size(32, 8, 1)
NAMES = {
    "ours": "Assay",
    "trainer": "`Trainer`, its defaults",
    "tutorial": "tutorial: padded to 512, batch 8, fp32, AdamW",
    "no-bf16": "Assay, fp32 only",
    "no-bucketing": "Assay, batches without a look at length",
    "sdpa": "Assay, SDPA attention instead of eager",
    "embeddings": "Assay, embeddings learning too",
    "no-kept-memory": "Assay, the allocator as it comes",
}
OTHERS = ("trainer", "tutorial")
IN_FP32 = ("no-bf16", *OTHERS)
SWITCHES = ("no-bf16", "no-bucketing", "sdpa", "embeddings", "no-kept-memory")
SHORT, LONG = 15, 100  # tokens

Passes = list[dict[str, float]]  # of each round: seconds, rows, tokens


def measure(quick: bool) -> str:
    """Return both tables.

    Raises:
        MissingFile: the workspace was not built.
        StageFailed: a loop failed.

    """
    size = QUICK if quick else FULL
    files = ModelPaths(project.MODEL)
    project.workspace(files.split("train"), files.split("validation"))
    settings = project.settings()
    table = pd.read_parquet(files.split("train"))
    with tempfile.TemporaryDirectory() as scratch:
        many = _sampled(Path(scratch) / "many", table, size.rows)
        few = _sampled(Path(scratch) / "few", table, size.tutorial_rows)
        found = in_turns(
            {name: _loop(name, few if name == "tutorial" else many) for name in NAMES},
            size.rounds,
            "training loops",
        )
        by_length = in_turns(
            {
                tokens: _loop("ours", _sampled(Path(scratch) / f"{tokens}", rows, size.rows))
                for tokens, rows in _by_length(table, settings).items()
            },
            size.rounds,
            "lengths of texts",
        )
    return "\n\n".join(
        [
            _caption(size, settings),
            facts(f"{size.rounds} rounds, each run a new process"),
            _table("training loop", ("ours", *OTHERS), found, len(table)),
            "**One switch at a time.** The same runs, the same rounds.",
            _table("what is switched off", ("ours", *SWITCHES), found, len(table)),
            _shares(settings, found, by_length),
        ]
    )


def _sampled(folder: Path, table: pd.DataFrame, rows: int) -> Path:
    """Lay out splits that hold the sample, for the loops to read as they read the whole."""
    files = ModelPaths(project.MODEL)
    sample = project.spread_out(table, rows)
    for split, part in (("train", sample), ("validation", sample.head(8))):
        target = folder / files.split(split)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(target, index=False)
    return folder


def _by_length(table: pd.DataFrame, settings: TextClassificationModel) -> dict[str, pd.DataFrame]:
    """Return rows of about :data:`SHORT` tokens, and of :data:`LONG`: those of several joined."""
    encode = TextEncoder(pretrained.locate(settings.train.checkpoint) / TOKENIZER, LONG)
    lengths = pd.Series([len(ids) for ids in encode(table["text"].tolist()).ids])
    short = table[((lengths - SHORT).abs() <= 1).to_numpy()]
    together = (lengths.cumsum() // LONG).to_numpy()
    long = table.groupby(together, as_index=False).agg(
        {name: " ".join if name == "text" else "first" for name in table}
    )
    return {f"{SHORT} tokens": short, f"{LONG} tokens": long}


def _loop(name: str, folder: Path) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        answer = subprocess.run(
            [sys.executable, "-m", "bench.loops", name, str(folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise StageFailed(f"the loop {name!r} failed: {answer.stderr.strip()[-2000:]}")
        # Trainer prints a summary of its own first.
        found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
        return found

    return run


def _caption(size: Size, settings: TextClassificationModel) -> str:
    return (
        f"**Training.** The same model ({settings.train.checkpoint}), texts and "
        f"{settings.train.threads} threads; batch {settings.train.batch_size} and texts cut at "
        f"{settings.train.max_length} tokens for Assay and `Trainer`. One pass over "
        f"{size.rows} rows of the train split, evenly spread, after a pass to warm up "
        f"({size.tutorial_rows} rows after one batch for the tutorial's loop). Tokens are real "
        "ones, without padding. Tokenising, loading, validation and saving are outside every "
        "clock. The epoch is extrapolated from rows."
    )


def _table(title: str, names: tuple[str, ...], found: dict[str, Passes], rows: int) -> str:
    rates = {name: _rates(found[name]) for name in names}
    lines = [
        [
            NAMES[name],
            str(Spread.of(rates[name])),
            str(Spread.of([p["seconds"] * rows / p["rows"] for p in found[name]])),
            str(Spread.of(ratios(rates["ours"], rates[name]))),
        ]
        for name in names
    ]
    header = [title, "tokens a second", f"seconds an epoch ({rows:,} rows)", "Assay ÷ this"]
    return tables.markdown(header, lines)


def _shares(
    settings: TextClassificationModel, found: dict[str, Passes], by_length: dict[str, Passes]
) -> str:
    """Return the table of what each loop reaches of the machine's own peak."""
    operations = TRAINING * operations_a_token(pretrained.locate(settings.train.checkpoint))
    own = "bf16" if in_bf16(settings.train.precision) else "fp32"
    every = found | by_length
    precisions = {name: "fp32" if name in IN_FP32 else own for name in every}
    shares = Shares.measured(precisions, settings.train.threads, operations)
    names = NAMES | {length: f"Assay, texts of about {length}" for length in by_length}
    lines = [
        [
            names[name],
            precisions[name],
            str(Spread.of([rate * operations / GIGA for rate in _rates(passes)])),
            str(Spread.of([shares.share(name, rate) for rate in _rates(passes)])),
        ]
        for name, passes in every.items()
    ]
    header = ["training loop", "arithmetic", "GFLOP/s", "% of the peak"]
    return (
        f"**The share of the machine's peak.** {shares} A real "
        f"token costs {operations / 1e6:.0f} MFLOP to learn from (three passes over the weights of "
        "the layers; attention and padding are not counted).\n\n" + tables.markdown(header, lines)
    )


def _rates(passes: Passes) -> list[float]:
    return [one["tokens"] / one["seconds"] for one in passes]
