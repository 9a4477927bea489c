"""Open a customer service: its file, its knowledge, its models, all checked and calibrated.

Reads the service's YAML file, its knowledge file, the ledger, releases or the workspace's bundles.
Writes what restoring a release writes. Never loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.applications.customer_service import confidence, knowledge, models, settings
from assay.applications.customer_service.dialogue import Dialogue
from assay.applications.customer_service.mood import Moods
from assay.applications.customer_service.reading import Reader, Spoken
from assay.applications.customer_service.rephrasing import Rephraser
from assay.applications.customer_service.retrieval import Retrieval
from assay.errors import SourceRefused
from assay.serving import sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.models import Models
    from assay.applications.customer_service.retrieval import Encoder
    from assay.applications.customer_service.settings import Service
    from assay.applications.customer_service.turn import Language


@dataclass(frozen=True)
class Opening:
    """What a customer service is composed of, once and again: all but its models.

    Attributes:
        service: its file.
        entries: its knowledge.
        threads: that compute, of each model.
        workspace: whether the bundles are asked that were built last, also where there are
            champions.

    """

    service: Service
    entries: Sequence[Entry]
    threads: int
    workspace: bool

    @classmethod
    def of(cls, path: Path, *, threads: int, workspace: bool) -> Opening:
        """Read a service's file and its knowledge: cheap checks first, models take their time.

        Raises:
            MissingFile, SettingsError, SourceRefused: as :func:`open_dialogue`.

        """
        service = settings.load(path)
        entries = knowledge.read(service.knowledge, tuple(service.languages))
        return cls(service, entries, threads, workspace)

    def champions(self) -> dict[str, int | None]:
        """Return the version of each model that has a champion, where champions are asked.

        Raises:
            LedgerRefused: the ledger does not hold.

        """
        if self.workspace:
            return {}
        return sources.Champions(self.threads).current(models.names(self.service))

    def load(self, before: Models | None = None) -> Models:
        """Open the models; of ``before``, those go on whose version is still asked for.

        Raises:
            NoRelease, UsageError, SettingsError, BundleRefused, SignatureRefused, LedgerRefused:
                as :func:`open_dialogue`.

        """
        return models.load(
            self.service, threads=self.threads, workspace=self.workspace, before=before
        )

    def compose(self, opened: Models) -> Dialogue:
        """Put the service together with these models; thresholds and weights are learned anew.

        Raises:
            SourceRefused: as :func:`open_dialogue`.

        """
        return compose(self.service, self.entries, opened)


def open_dialogue(path: Path, *, threads: int = 2, workspace: bool = False) -> Dialogue:
    """Open the customer service that a YAML file describes.

    ``workspace``: ask the bundles that were built last, also where there are champions.

    Raises:
        MissingFile, SettingsError: the file is not there, or says something impossible.
        SourceRefused: the knowledge file is none, or too little to calibrate on.
        NoRelease: a required model was neither released nor built.
        UsageError, BundleRefused, SignatureRefused, LedgerRefused: a model is of another kind, or
            does not hold.

    """
    opening = Opening.of(path, threads=threads, workspace=workspace)
    return opening.compose(opening.load())


def compose(service: Service, entries: Sequence[Entry], opened: Models) -> Dialogue:
    """Put a customer service together of what was read and opened.

    Raises:
        SourceRefused: as :func:`open_dialogue`.

    """
    encode, notes = _encoder(opened)
    spoken = {
        language: _spoken(service, language, entries, opened, encode)
        for language in service.languages
    }
    return Dialogue(service, Reader(service, spoken, opened.intent), (*opened.notes, *notes))


def _encoder(opened: Models) -> tuple[Encoder | None, tuple[str, ...]]:
    if opened.intent is None:
        return None, ()
    if models.has_embeddings(opened.intent.bundle):
        return opened.intent.bundle.embeddings, ()
    name = opened.intent.name
    note = (
        f"{name} gives no embeddings, so answers are found by their words alone: assay run {name}"
    )
    return None, (note,)


def _spoken(
    service: Service,
    language: Language,
    entries: Sequence[Entry],
    opened: Models,
    encode: Encoder | None,
) -> Spoken:
    own = [entry for entry in entries if entry.language == language]
    if not own:
        raise SourceRefused(
            f"{service.knowledge} has no entry in {language}",
            expected="an entry or more in each of the service's languages",
            cure=f"add some, or take {language} out of the service's file",
        )
    retrieval = Retrieval(own, encode)
    model = opened.sentiment.get(language)
    moods = None
    if model:
        labels = service.sentiment[language].moods
        moods = Moods(model.bundle, labels, retrieval.wordings, service.thresholds.mood_alarm)
    rephraser, rephraser_versions = _rephraser(service, language, opened)
    return Spoken(
        speech=service.languages[language],
        retrieval=retrieval,
        confidence=confidence.calibrate(service.knowledge, retrieval, service.thresholds),
        moods=moods,
        rephraser=rephraser,
        mood_versions={model.name: model.version} if model else {},
        rephraser_versions=rephraser_versions,
    )


def _rephraser(
    service: Service, language: Language, opened: Models
) -> tuple[Rephraser | None, dict[str, str]]:
    model, asked = opened.language_model, service.language_model
    if model is None or asked is None or language not in asked.languages:
        return None, {}
    return Rephraser(model.bundle, asked), {model.name: model.version}
