from __future__ import annotations

from itertools import pairwise

import torch

from assay.tasks.text_classification.ngrams import FACTOR, BagOfNgrams

VOCABULARY, BUCKETS, WIDTH, CLASSES = 40, 31, 6, 3


def _model() -> BagOfNgrams:
    torch.manual_seed(1)
    model = BagOfNgrams(VOCABULARY, BUCKETS, WIDTH, CLASSES, 0.5)
    with torch.no_grad():
        for table in (model.tokens, model.ngrams):
            table.weight.normal_()
    return model.eval()


def _by_hand(model: BagOfNgrams, ids: list[int]) -> torch.Tensor:
    triples = zip(ids, ids[1:], ids[2:], strict=False)
    places = [(one * FACTOR + two) % BUCKETS for one, two in pairwise(ids)]
    places += [((one * FACTOR + two) * FACTOR + three) % BUCKETS for one, two, three in triples]
    rows = [model.tokens.weight[place] for place in ids]
    rows += [model.ngrams.weight[place] for place in places]
    logits: torch.Tensor = model.classifier(torch.stack(rows).mean(0))
    return logits


def test_the_head_reads_the_mean_of_tokens_pairs_and_triples() -> None:
    model = _model()
    for ids in ([5], [5, 6], [5, 6, 7], [39, 38, 1, 2, 39, 38]):
        row, mask = torch.tensor([ids]), torch.ones((1, len(ids)), dtype=torch.int64)
        torch.testing.assert_close(model(row, mask)[0], _by_hand(model, ids))


def test_the_hash_of_the_largest_ids_does_not_overflow() -> None:
    largest = 2**20 - 1
    assert (largest * FACTOR + largest) * FACTOR + largest < 2**63
    one = torch.full((1, 3), largest)
    found = (one[:, 0] * FACTOR + one[:, 1]) * FACTOR + one[:, 2]
    assert int(found) == (largest * FACTOR + largest) * FACTOR + largest


def test_dropout_is_for_learning_alone() -> None:
    model = _model()
    row, mask = torch.tensor([[5, 6, 7]]), torch.ones((1, 3), dtype=torch.int64)
    assert torch.equal(model(row, mask), model(row, mask))
    model.train()
    assert len({model(row, mask).sum().item() for _ in range(8)}) > 1
