from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle import decoding
from assay.bundle.decoding import Decoding
from assay.bundle.session import Session
from assay.errors import BundleRefused, UsageError
from tests.tasks.image_classification.made import write_bundle
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(made.fp32(), 1)


def test_a_prompt_is_read_at_once_or_token_by_token(session: Session) -> None:
    ids = made.ids(made.TEXT[:80])
    slow = Decoding(session, [ids[:1]])
    for token in ids[1:]:
        slow.append([token])
    np.testing.assert_allclose(Decoding(session, [ids]).logits, slow.logits, atol=1e-4)


def test_rows_of_any_lengths_grow_as_each_alone(session: Session) -> None:
    ids = made.ids(made.TEXT)
    rows = [ids[:1], ids[40:100], ids[300:310]]
    together, alone = Decoding(session, rows), [Decoding(session, [row]) for row in rows]
    for step in range(20):
        for place, one in enumerate(alone):
            np.testing.assert_allclose(together.logits[place], one.logits[0], atol=1e-4)
            one.append([ids[500 + 7 * step + place]])
        together.append([ids[500 + 7 * step + place] for place in range(3)])


def test_a_graph_tells_how_many_tokens_it_knows(session: Session) -> None:
    assert decoding.vocabulary(session) == len(made.LETTERS)


def test_a_graph_that_does_not_generate_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle")
    with pytest.raises(BundleRefused, match="does not generate: it takes pixels"):
        decoding.vocabulary(Session(str(tmp_path / "bundle/model.onnx"), 1))


@pytest.mark.parametrize("token", [-1, 5, 1000])
def test_a_token_that_is_not_known_is_refused(token: int) -> None:
    decoding.require_known([0, 4], 5)
    with pytest.raises(UsageError, match=f"{token} is no token id") as refusal:
        decoding.require_known([3, token], 5)
    assert "0 to 4" in refusal.value.expected
