from __future__ import annotations

import pytest
import torch

from assay.tasks.text_classification.recurrent import Recurrent

pytestmark = pytest.mark.processor

VOCABULARY, WIDTH, CLASSES = 40, 6, 3


def _model() -> Recurrent:
    torch.manual_seed(1)
    return Recurrent(VOCABULARY, WIDTH, CLASSES, 0.5).eval()


def test_it_is_a_bidirectional_lstm_with_max_pooling() -> None:
    model = _model()
    both = torch.nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True)
    weights = dict(model.forwards.state_dict())
    weights |= {f"{name}_reverse": value for name, value in model.backwards.state_dict().items()}
    both.load_state_dict(weights)
    ids = torch.tensor([[5, 6, 7, 8, 39], [9, 8, 0, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    with torch.no_grad():
        found = model(ids, mask)
        for row, length in enumerate((5, 2)):
            states, _ = both(model.tokens(ids[row : row + 1, :length]))
            expected = model.classifier(states.amax(1))[0]
            torch.testing.assert_close(found[row], expected)


def test_dropout_is_for_learning_alone() -> None:
    model = _model()
    row, mask = torch.tensor([[5, 6, 7]]), torch.ones((1, 3), dtype=torch.int64)
    assert torch.equal(model(row, mask), model(row, mask))
    model.train()
    assert len({model(row, mask).sum().item() for _ in range(8)}) > 1
