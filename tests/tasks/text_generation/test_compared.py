from __future__ import annotations

import numpy as np
import pytest

from assay.gateways import onnx as gateway
from assay.modalities.text import codec
from assay.tasks.text_generation import compared as compared_module
from assay.tasks.text_generation.compared import Compared, Exported
from tests.tasks.text_generation import made

pytestmark = pytest.mark.processor

TEXTS = ["one two", "汉字", "three four five"]
BYTES = codec.learned("bytes", TEXTS, 257)


def test_documents_are_whole_and_end_with_their_token(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Compared.of(TEXTS, BYTES, 8)
    assert [len(one) for one in found.documents] == [len(text.encode()) + 1 for text in TEXTS]
    assert {one[-1] for one in found.documents} == {BYTES.end}
    assert (found.bytes, found.tokens) == (28, 31)
    monkeypatch.setattr(compared_module, "COMPARED_TOKENS", 15)
    assert len(Compared.of(TEXTS, BYTES, 8).documents) == 2
    monkeypatch.setattr(compared_module, "COMPARED_TOKENS", 1)
    assert len(Compared.of(TEXTS, BYTES, 8).documents) == 1, "at least one"


def test_windows_stand_one_behind_the_other() -> None:
    found = Compared([[1, 2, 3], [4, 5], [6, 7]], 7, end=0, context=3)
    np.testing.assert_array_equal(found.windows(3, 5), [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(found.windows(3, 1), [[1, 2, 3]])


def test_a_graph_that_learned_a_text_needs_few_bits_for_it() -> None:
    graph = gateway.serialize(made.graph(), {})
    known, other = made.ids(made.TEXT[:200]), made.ids(made.TEXT[:200])[::-1]
    bits = [
        Exported.measured(graph, Compared([ids], 200, end=0, context=made.CONTEXT), 1).bits
        for ids in (known, other)
    ]
    assert 0 < 2 * bits[0] < bits[1]
