"""A customer service as it is composed of one version of each model.

Reads the settings of the intent model. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.applications.customer_service.feedback import Inbox
from assay.applications.customer_service.shown import About, Part
from assay.errors import UnknownModel
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.applications.customer_service.dialogue import Dialogue
    from assay.applications.customer_service.models import Models
    from assay.applications.customer_service.opening import Opening
    from assay.applications.customer_service.reading import Spoken

WORKSPACE = "workspace"  # the version of what no gate let through
EXAMPLES = 4  # questions that the page offers to begin with


@dataclass(frozen=True)
class Composed:
    """A service, and what it says of itself.

    Attributes:
        models: that take part.
        dialogue: the engine.
        about: what it says of itself.
        inbox: where agents' corrections go; None where no model learns from them.

    """

    models: Models
    dialogue: Dialogue
    about: About
    inbox: Inbox | None

    @classmethod
    def of(cls, opening: Opening, before: Models | None = None) -> Composed:
        """Open the models and put the service together, as :meth:`Opening.load` says.

        Raises:
            AssayError: as :func:`~assay.applications.customer_service.opening.open_dialogue`.

        """
        models = opening.load(before)
        dialogue = opening.compose(models)
        return cls(models, dialogue, about(dialogue), inbox(dialogue))

    @property
    def versions(self) -> dict[str, str]:
        """The version of each model, by its name."""
        return {part.model: part.version for part in self.about.models}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what it goes without, and on models that no gate let through."""
        unreleased = (
            f"{model} has not been released: the workspace's bundle is asked"
            for model, version in self.versions.items()
            if version == WORKSPACE
        )
        return (*self.dialogue.notes, *unreleased)


def about(dialogue: Dialogue) -> About:
    """Return what a customer service says of itself."""
    service, spoken = dialogue.service, dialogue.reader.spoken
    model = dialogue.reader.intent_model
    entries = [entry for one in spoken.values() for entry in one.retrieval.entries]
    return About(
        company=service.company,
        languages=tuple(spoken),
        models=tuple(_parts(dialogue)),
        labels=model.bundle.labels if model else (),
        examples={language: _examples(one) for language, one in spoken.items()},
        answers={entry.id: entry.answer for entry in entries},
    )


def inbox(dialogue: Dialogue) -> Inbox | None:
    """Return where corrections of intents go; None without an intent model that learns here."""
    model = dialogue.reader.intent_model
    if model is None:
        return None
    try:
        registry.load_model(model.name)
    except UnknownModel:
        return None
    return Inbox(model.name, model.bundle.labels)


def _examples(spoken: Spoken) -> tuple[str, ...]:
    """Return a few questions from the whole length of the file."""
    entries = spoken.retrieval.entries
    return tuple(entry.question for entry in entries[:: -(-len(entries) // EXAMPLES)])


def _parts(dialogue: Dialogue) -> Iterator[Part]:
    if model := dialogue.reader.intent_model:
        yield Part("intent", model.name, model.version)
    for language, spoken in dialogue.reader.spoken.items():
        for name, version in spoken.mood_versions.items():
            yield Part(f"sentiment, {language}", name, version)
        for name, version in spoken.rephraser_versions.items():
            yield Part(f"rephrasing, {language}", name, version)
