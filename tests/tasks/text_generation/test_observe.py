from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.tasks.text_generation.observe import observe
from tests import made
from tests.tasks.text_generation.project import settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


def test_each_document_is_measured_by_what_it_costs_and_its_length(checkpoint: Path) -> None:
    bundle = made.built_generator(checkpoint) / ModelPaths(made.MODEL).bundle
    texts = ["coffee river menu", "", None, "xqz 汉 vvv xqz", 12]
    found = observe(settings(), bundle, pd.DataFrame({"text": texts}))
    assert set(found) == {"output: bits per byte", "text: characters"}
    bits = np.asarray(found["output: bits per byte"])
    characters = np.asarray(found["text: characters"])
    assert characters.tolist() == [17, 0, 0, 13, 2]
    assert bits.dtype == characters.dtype == np.float64
    model = LanguageModel.open(bundle, codec.read)
    (ids,) = model.tokenizer.encode(["coffee river menu"])
    nats = model.generator.scorer().nats([*ids, model.tokenizer.end]).sum()
    assert bits[0] == pytest.approx(nats / np.log(2) / 17)
    assert bits[1] == bits[2] > 0, "the end of a document costs, too"
    assert bits[3] > 1.5 * bits[0], "of another kind"
