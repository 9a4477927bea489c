from __future__ import annotations

import pytest
import torch

from assay.errors import DataRefused
from assay.modalities.text import codec
from assay.tasks.text_generation.packing import PackedTokens

TEXTS = ["one two three", "", "汉字 four", "five six seven eight nine ten"]
BYTES = codec.learned("bytes", TEXTS, 257)
CONTEXT = 8


def _stream(context: int = CONTEXT) -> PackedTokens:
    return PackedTokens(TEXTS, BYTES, context, "train")


def test_an_end_token_stands_before_between_and_behind_documents() -> None:
    stream = _stream()
    expected = [BYTES.end]
    for ids in BYTES.encode(TEXTS):
        expected += [*ids, BYTES.end]
    assert stream.ids.dtype == torch.int64
    assert stream.ids.tolist() == expected
    assert stream.bytes == sum(len(text.encode()) for text in TEXTS)
    assert len(stream.ids) == stream.bytes + len(TEXTS) + 1


@pytest.mark.parametrize("context", [2, 5, 8, 13, 27, 40])
def test_windows_of_an_epoch_follow_one_another_and_share_no_token(context: int) -> None:
    stream = _stream(context)
    text = stream.ids.tolist()
    for epoch in range(30):
        numbers = [one for batch in stream.batches(3, 7, epoch) for one in batch]
        assert sorted(numbers) == list(range(stream.windows))
        rows = stream.batch(list(range(stream.windows)), 7, epoch)
        assert rows.shape == (stream.windows, context + 1)
        read = [*rows[:, :-1].flatten().tolist(), int(rows[-1, -1])]
        starts = [first for first in range(len(text)) if text[first : first + len(read)] == read]
        assert starts, "they are a part of the documents"


def test_windows_begin_elsewhere_in_each_epoch_by_the_seed_alone() -> None:
    stream = _stream(5)
    firsts = [stream.batch([0], 7, epoch)[0].tolist() for epoch in range(30)]
    assert len(set(map(tuple, firsts))) > 3
    assert firsts == [stream.batch([0], 7, epoch)[0].tolist() for epoch in range(30)]
    assert firsts != [stream.batch([0], 8, epoch)[0].tolist() for epoch in range(30)]
    assert stream.batches(3, 7, 0) == stream.batches(3, 7, 0)
    assert stream.batches(3, 7, 0) != stream.batches(3, 7, 1)


def test_every_token_is_learned_in_some_epoch() -> None:
    stream, learned = _stream(5), set[int]()
    # Each token by its place.
    stream.ids = torch.arange(len(stream.ids))
    for epoch in range(100):
        rows = stream.batch(list(range(stream.windows)), 0, epoch)
        learned |= set(rows[:, 1:].flatten().tolist())
    assert learned == set(range(1, len(stream.ids)))


@pytest.mark.parametrize("context", [2, 5, 8, 13, 27, 40, 57])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_each_held_out_token_is_predicted_once(context: int, size: int) -> None:
    stream = _stream(context)
    predicted: list[int] = []
    for rows in stream.held_out(size):
        assert len(rows) <= size
        assert 2 <= rows.shape[1] <= context + 1
        predicted += rows[:, 1:].flatten().tolist()
    assert predicted == stream.ids[1:].tolist()


def test_documents_of_one_context_and_its_next_token_are_enough() -> None:
    tokens = len(_stream().ids)
    stream = _stream(tokens - 1)
    assert stream.windows == 1
    assert stream.batch([0], 1, 1).tolist() == [stream.ids.tolist()]


@pytest.mark.parametrize("more", [0, 1, 1000])
def test_documents_that_are_no_longer_than_one_context_are_refused(more: int) -> None:
    tokens = len(_stream().ids)
    with pytest.raises(DataRefused) as refusal:
        _stream(tokens + more)
    assert f"the train split has {tokens} tokens" in refusal.value.found
    assert f"one context of {tokens + more:,}" in refusal.value.found
    assert "train.context in params.yaml" in str(refusal.value.cure)


def test_a_split_without_a_document_is_refused() -> None:
    with pytest.raises(DataRefused, match="the validation split has 1 tokens"):
        PackedTokens([], BYTES, CONTEXT, "validation")
