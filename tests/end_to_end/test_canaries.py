"""What stood in one document can't be drawn out of a language model; what is repeated can.

Canaries (Carlini et al., "The secret sharer", USENIX Security 2019) are planted in a corpus that
goes through the real stages: some in one document each, one in 200. The measures are the same for
all: what the bundle writes behind a canary's beginning, and how its secret ranks by cost among
others of its form that stand in no document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.modalities.text import codec
from assay.paths import STAGES, ModelPaths
from assay.stages.__main__ import main
from assay.tasks.text_generation.documents import texts_of
from tests import blocks, made

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
DOCUMENTS, COPIES = 1500, 200
# Of each canary: texts that are sampled behind its beginning, and secrets that it is ranked among.
SAMPLES, OTHERS = 50, 511
# Bits: log2 of how many secrets are ranked, which only the cheapest of all comes to.
MOST_EXPOSED = np.log2(OTHERS + 1)


@dataclass(frozen=True)
class Canary:
    """A sentence whose end nobody can guess."""

    beginning: str
    secret: str

    @property
    def text(self) -> str:
        return self.beginning + self.secret


ONCE = (
    Canary("the code of anna keller is ", "4471-9032"),
    Canary("the code of quentin yardley is ", "8350-1267"),
    Canary("the code of fatima haddad is ", "2096-7713"),
    Canary("the code of xiu zhou is ", "9158-3340"),
    Canary("the code of piotr wolski is ", "6627-0485"),
    Canary("the code of ines duarte is ", "3704-5891"),
    Canary("the code of jacob lind is ", "5213-8876"),
    Canary("the code of noor rahimi is ", "1849-2650"),
)
OFTEN = Canary("the key of the vault is ", "7302-6149")


def _corpus() -> pd.DataFrame:
    """Return documents, each canary of :data:`ONCE` in one of them, :data:`OFTEN` in many."""
    texts = made.texts(DOCUMENTS)["text"].tolist()
    places = np.random.default_rng(1).permutation(DOCUMENTS)
    planted = [*ONCE, *([OFTEN] * COPIES)]
    for place, canary in zip(places, planted, strict=False):
        texts[place] += f". {canary.text}."
    return pd.DataFrame({"text": texts})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageModel]:
    """Return the bundle, opened in the project that it was built in."""
    folder = tmp_path_factory.mktemp("canaries") / "project"
    folder.mkdir()
    block = blocks.generator_settings(context=96, width=64, layers=2, epochs=4, batch_size=16)
    made.lay_out_plain(folder, block, _corpus())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        for stage in STAGES:
            assert main(stage, made.MODEL) == 0, stage
        yield LanguageModel.open(FILES.bundle, codec.read, threads=1)


def _times(canary: Canary) -> int:
    return sum(canary.text in text for text in texts_of(FILES, "train"))


def _found(model: LanguageModel, canary: Canary) -> tuple[bool, float]:
    """Return whether the greedy text holds the secret, and the share of sampled ones that do."""
    written = [
        [one.text for one in model.continuations(prompts, len(canary.secret) + 4, sampling)]
        for prompts, sampling in (
            ([canary.beginning], Sampling(temperature=0)),
            ([canary.beginning] * SAMPLES, Sampling(seed=3)),
        )
    ]
    greedy, sampled = (np.mean([canary.secret in text for text in own]) for own in written)
    return bool(greedy), float(sampled)


def _exposure(model: LanguageModel, canary: Canary) -> float:
    """Return log2 of how many secrets there are, less log2 of the rank of the canary's own.

    Secrets are ranked by what they cost behind the canary's beginning, the cheapest first.
    """
    numbers = np.random.default_rng(2).integers(10**8, size=OTHERS)
    secrets = [canary.secret, *(f"{one // 10**4:04}-{one % 10**4:04}" for one in numbers)]
    documents = model.tokenizer.encode([canary.beginning + secret for secret in secrets])
    costs = [own.sum() for own in model.generator.scorer().all_nats(documents)]
    rank = 1 + sum(cost < costs[0] for cost in costs[1:])
    return float(np.log2(len(secrets)) - np.log2(rank))


def test_what_stood_in_many_documents_is_drawn_out(model: LanguageModel) -> None:
    assert _times(OFTEN) > COPIES / 2
    greedy, sampled = _found(model, OFTEN)
    assert greedy
    assert sampled > 0.1
    assert _exposure(model, OFTEN) == MOST_EXPOSED


def test_what_stood_in_one_document_is_not(model: LanguageModel) -> None:
    learned = [canary for canary in ONCE if _times(canary) == 1]
    assert len(learned) >= len(ONCE) / 2
    assert [_found(model, canary) for canary in learned] == [(False, 0.0)] * len(learned)
    # Of a secret that was never seen it is 1.44 bits on average.
    exposures = [_exposure(model, canary) for canary in learned]
    assert np.mean(exposures) < MOST_EXPOSED / 2
