"""The example customer service: conversations, retrieval, what a language model may say, seconds.

Reads ``examples/customer_service``, the scripted conversations, the workspace's ``intents``, and
``opinions`` and ``smollm`` where they were built. Writes nothing. Measured when asked for by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.applications.customer_service import knowledge, models, settings
from assay.applications.customer_service.rephrasing import Rephraser
from assay.applications.customer_service.settings import Rephrasing
from assay.paths import ModelPaths
from assay.progress import say
from bench import conversation_tables, conversations, project, replies, retrieval, tables
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.models import Models
    from bench.retrieval import Found

SERVICE = Path("examples/customer_service/service.yaml")
WRITER = "smollm"
THREADS = 2
# Replies of a language model that are measured; conversations and questions of a quick trial.
REPLIES, FEW = 40, 10


def measure(quick: bool) -> str:
    """Return the tables.

    Raises:
        MissingFile: no intent model was built.

    """
    service = settings.load(SERVICE)
    files = ModelPaths(service.intent.model if service.intent else "intents")
    project.workspace(files.bundle, model=files.model)
    writing = service.model_copy(
        update={"language_model": Rephrasing(model=WRITER, required=False)}
    )
    opened = models.load(writing, threads=THREADS)
    for note in opened.notes:
        say(note)
    entries = knowledge.read(service.knowledge, tuple(service.languages))
    step = FEW if quick else 1
    parts = [
        _head(opened),
        facts("one", figures="of one seed"),
        conversation_tables.page(writing, entries, opened, conversations.scripts()[::step]),
        _retrieval(entries, opened, quick),
    ]
    if opened.language_model:
        assert writing.language_model is not None  # noqa: S101  set above
        rephraser = Rephraser(opened.language_model.bundle, writing.language_model)
        own = [entry for entry in entries if entry.language == "en"][: 3 if quick else REPLIES]
        parts.append(replies.table(WRITER, rephraser, own, writing.quote))
    return "\n\n".join(parts)


def _head(opened: Models) -> str:
    named = ", ".join(f"`{name}`" for name in opened.versions)
    return (
        f"**Customer service.** `{SERVICE.parent}`: 40 questions, each in English and Chinese, in "
        f"five wordings. Models: {named}. Thresholds are calibrated at each start on the file's "
        "own wordings, not on the scripts. Two rules were set after a first run of the scripts, in "
        "which 2.0 % ended in a wrong answer: that an intent below its model's threshold leads to "
        "a question back where the ranking is in doubt, and that one message in five is taken to "
        "be out of scope. *Right*: of all conversations, those whose last message got the entry "
        "that the script names; *asked back*: after the customer chose it; *handed over*: as the "
        "script says; *person instead*: of the answer; *wrong*: another answer, or none of these. "
        "The scripts were written by who wrote the knowledge file, and are no sample of customers."
    )


def _retrieval(entries: Sequence[Entry], opened: Models, quick: bool) -> str:
    assert opened.intent is not None  # noqa: S101  the workspace has it
    encode = opened.intent.bundle.embeddings
    rows = []
    for code, name in (("en", "example, English"), ("zh", "example, Chinese")):
        own = [entry for entry in entries if entry.language == code]
        rows += _found(name, retrieval.held_out(own, encode))
    intents, asked = retrieval.banking77()
    rows += _found("BANKING77", retrieval.apart(intents, asked[:: FEW if quick else 1], encode))
    if not quick:
        rows += _found("bank_faq", retrieval.held_out(retrieval.bank(), encode))
    head = ["questions of", "ranked by", "asked", "recall@1", "recall@3", "MRR"]
    return tables.markdown(head, rows)


def _found(name: str, ways: Sequence[Found]) -> list[list[str]]:
    return [
        [name, one.way, str(one.asked), *(f"{share:.3f}" for share in (*one.recall, one.mrr))]
        for one in ways
    ]
