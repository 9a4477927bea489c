from __future__ import annotations

import pytest

from assay.errors import UsageError
from assay.modalities.table import sources
from assay.settings.reading import load_example
from assay.tasks.registry import KINDS
from assay.tasks.table_classification.settings import TableClassificationModel
from tests.conftest import ROOT


def test_breast_cancer_is_the_set_that_everybody_knows() -> None:
    table = sources.named("breast-cancer")
    assert table.shape == (569, 31)
    assert table["label"].value_counts().to_dict() == {"benign": 357, "malignant": 212}
    assert table["mean radius"].iloc[0] == 17.99
    assert table["label"].iloc[0] == "malignant"


def test_the_example_names_all_of_its_columns() -> None:
    name, model = load_example(ROOT / "examples/breast-cancer.yaml", KINDS)
    assert isinstance(model, TableClassificationModel)
    assert name == model.ingest.source == "breast-cancer"
    table = sources.named(name)
    assert [*model.ingest.numbers, "label"] == list(table.columns)
    assert set(model.labels) == set(table["label"])


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        sources.named("iris")
    assert "'iris'" in refused.value.found
    assert "breast-cancer" in refused.value.expected
    assert "ingest.source" in refused.value.cure
