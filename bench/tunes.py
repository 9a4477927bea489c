"""Whether generated Song-dynasty poems keep the form of their tune: the lengths of its lines.

Reads the bundle and the splits of a model that was built. Writes nothing. A tune prescribes how
many characters stand between two marks of punctuation, one after the other; most tunes have
variants. A poem keeps the form where its lengths are those of a train poem of the same tune, whole.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.modalities.text import codec

if TYPE_CHECKING:
    from assay.paths import ModelPaths

BREAKS = re.compile(r"[，。、；：！？\n]+")
TUNES, EACH, TOKENS = 10, 20, 160
TEMPERATURE = 0.8
THREADS = 2


@dataclass(frozen=True)
class Form:
    """Shares of poems that keep the form of their tune: generated ones, and those of the test."""

    generated: float
    held_out: float
    poems: int


def lengths(poem: str) -> tuple[int, ...]:
    """Return the number of characters of each line of a poem."""
    return tuple(len(line) for line in BREAKS.split(poem) if line)


def measured(files: ModelPaths, seed: int) -> Form:
    """Let a model write poems to the commonest tunes, and count those that keep the form."""
    train, test = (pd.read_parquet(files.split(name)) for name in ("train", "test"))
    known = _forms(train)
    tunes = [tune for tune, _ in Counter(train["title"]).most_common(TUNES)]
    model = LanguageModel.open(files.bundle, codec.read, threads=THREADS)
    asked = [tune for tune in tunes for _ in range(EACH)]
    written = model.continuations(
        [f"{tune}\n" for tune in asked], TOKENS, Sampling(temperature=TEMPERATURE, seed=seed)
    )
    own = [(tune, one.text) for tune, one in zip(asked, written, strict=True)]
    chosen = test[test["title"].isin(tunes)]
    usual = list(zip(chosen["title"], map(_poem, chosen["text"]), strict=True))
    return Form(_share(own, known), _share(usual, known), len(own))


def _forms(table: pd.DataFrame) -> dict[str, set[tuple[int, ...]]]:
    found: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for tune, text in zip(table["title"], table["text"], strict=True):
        found[tune].add(lengths(_poem(text)))
    return found


def _poem(document: str) -> str:
    """Return what stands below a document's first line, which names the tune."""
    return document.partition("\n")[2]


def _share(poems: list[tuple[str, str]], known: dict[str, set[tuple[int, ...]]]) -> float:
    kept = sum(lengths(poem) in known[tune] for tune, poem in poems)
    return kept / max(1, len(poems))
