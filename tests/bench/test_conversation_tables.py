from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service import knowledge, settings
from assay.applications.customer_service.models import Model, Models
from assay.applications.customer_service.settings import Rephrasing
from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.paths import ModelPaths
from bench import conversation_tables, conversations
from tests import made
from tests.applications.customer_service.test_settings import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

WRITER = "writer"
SERVICE = settings.load(EXAMPLE).model_copy(
    update={"language_model": Rephrasing(model=WRITER, required=False, max_tokens=5)}
)
ENTRIES = knowledge.read(SERVICE.knowledge, tuple(SERVICE.languages))
FEW = 10


@pytest.fixture(scope="module")
def writer(checkpoint: Path) -> Model[LanguageModel]:
    folder = made.built_generator(checkpoint) / ModelPaths(made.MODEL).bundle
    return Model(WRITER, "3", LanguageModel.open(folder, codec.read, threads=1))


def _page(opened: Models) -> str:
    return conversation_tables.page(SERVICE, ENTRIES, opened, conversations.scripts()[::FEW])


def _rows(text: str) -> dict[tuple[str, str], list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {(name, language): cells for name, language, *cells in lines[2:]}


def test_turns_with_the_language_model_are_a_row_of_each_language_that_it_writes(
    writer: Model[LanguageModel],
) -> None:
    text = _page(Models(language_model=writer))
    rows = _rows(text)
    named = "and rephrased by `writer`"
    assert [language for name, language in rows if name == named] == ["en"]
    assert len(rows) == 3 * 2 + 1
    # What is said changes, how a conversation ends does not.
    alone, rephrased = rows["words alone", "en"], rows[named, "en"]
    assert rephrased[:-2] == alone[:-2]
    assert "Turns that answer, p50 and p95 in ms: and intents, embeddings, " in text
    timed = [part.split(", ")[-1] for part in text.rpartition("ms: ")[2].split("; ")]
    assert [len(one.split(" and ")) for one in timed] == [2, 2]


def test_where_no_language_model_was_built_that_is_said() -> None:
    text = _page(Models())
    assert "`writer` was not built here (`assay run writer`)" in text
    assert not any("writer" in name for name, _ in _rows(text))
