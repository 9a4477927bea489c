"""The released models that a customer service is made of, opened.

Reads the ledger, releases and, for a model that was never released, the workspace's bundle. Writes
what restoring a release writes. What is not required and not there is left out, and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from assay.bundle.classifier import Classifier
from assay.bundle.language_model import LanguageModel
from assay.errors import BundleRefused, NoRelease, SettingsError, UsageError
from assay.release import champion, ledger
from assay.serving import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from assay.applications.customer_service.settings import Intents, Rephrasing, Service
    from assay.applications.customer_service.turn import Language
    from assay.bundle.opened import Opened

    Source = Callable[[str], "Model[Opened]"]

Kind = TypeVar("Kind", bound="Opened")


@dataclass(frozen=True)
class Model(Generic[Kind]):
    """An opened model: its name, its version as answers state it, and its bundle."""

    name: str
    version: str
    bundle: Kind


@dataclass(frozen=True)
class Models:
    """What takes part.

    Attributes:
        intent: None: there is none.
        sentiment: by language.
        language_model: None: there is none.
        notes: sentences on what is missing, for whoever starts the service.

    """

    intent: Model[Classifier] | None = None
    sentiment: dict[Language, Model[Classifier]] = field(default_factory=dict)
    language_model: Model[LanguageModel] | None = None
    notes: tuple[str, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """The version of each classifier, by its name."""
        found = [*self.sentiment.values(), *([self.intent] if self.intent else [])]
        return {model.name: model.version for model in found}

    @property
    def by_name(self) -> dict[str, Model[Opened]]:
        """Every model, by its name."""
        found: list[Model[Any]] = [*self.sentiment.values()]
        found += [model for model in (self.intent, self.language_model) if model]
        return {model.name: model for model in found}


def names(service: Service) -> list[str]:
    """Return the names of all models that a service would ask, each once."""
    asked = [service.intent, *service.sentiment.values(), service.language_model]
    return list(dict.fromkeys(one.model for one in asked if one))


def load(
    service: Service, *, threads: int, workspace: bool = False, before: Models | None = None
) -> Models:
    """Open all models that a service names.

    ``workspace``: the bundles that were built last, also where there are champions. ``before``:
    those that are open; of a version that is still asked for, none is opened again.

    Raises:
        NoRelease: a required one was neither released nor built.
        UsageError: one is of another kind than it is named for.
        SettingsError: a label that the file names is none of its model's.
        LedgerRefused, SignatureRefused, BundleRefused: what is there does not hold.

    """
    notes: list[str] = []
    known = before.by_name if before else {}
    source: Source = partial(_served, threads=threads, workspace=workspace, known=known)
    intent = _intent(service.intent, source, notes)
    sentiment: dict[Language, Model[Classifier]] = {}
    for language, asked in service.sentiment.items():
        without = f"every mood in {language} is neutral"
        found = _opened(asked.model, Classifier, asked.required, without, source, notes)
        if found:
            _require_all(found, asked.moods, f"sentiment.{language}.moods")
            sentiment[language] = found
    rephrasing = _language_model(service.language_model, source, notes)
    return Models(intent, sentiment, rephrasing, tuple(notes))


def _intent(asked: Intents | None, source: Source, notes: list[str]) -> Model[Classifier] | None:
    if asked is None:
        return None
    without = "answers are found by their words alone"
    found = _opened(asked.model, Classifier, asked.required, without, source, notes)
    if found:
        _require_known(found, (*asked.asks_for_person, *asked.small_talk, *asked.none), "intent")
    return found


def _language_model(
    asked: Rephrasing | None, source: Source, notes: list[str]
) -> Model[LanguageModel] | None:
    if asked is None:
        return None
    without = "answers are quoted as they stand"
    return _opened(asked.model, LanguageModel, asked.required, without, source, notes)


def _opened(
    name: str, kind: type[Kind], required: bool, without: str, source: Source, notes: list[str]
) -> Model[Kind] | None:
    """Open a model; of one that is not there and not required, note what it is done without."""
    try:
        model = source(name)
    except NoRelease as missing:
        if required:
            raise
        notes.append(f"there is no model {name} yet, so {without} ({missing.cure})")
        return None
    if not isinstance(model.bundle, kind):
        raise UsageError(
            f"the model {name} opens as {type(model.bundle).__name__}",
            expected=f"a model that opens as {kind.__name__}",
            cure="name another model in the service's file",
        )
    return Model(name, model.version, model.bundle)


def _served(
    name: str, *, threads: int, workspace: bool, known: Mapping[str, Model[Opened]]
) -> Model[Opened]:
    version = None if workspace else champion.version_of(ledger.read(), name)
    if name in known and known[name].version == served.label_of(version):
        return known[name]
    if version is None:
        found = served.load_workspace(name, threads=threads)
    else:
        found = served.load_release(name, version, threads=threads)
    return Model(name, found.label, found.bundle)


def _require_known(model: Model[Classifier], labels: Iterable[str], key: str) -> None:
    if unknown := [label for label in labels if label not in model.bundle.labels]:
        raise SettingsError(
            f"`{key}` names {', '.join(map(repr, unknown))}: no label of the model {model.name}",
            expected="some of " + ", ".join(model.bundle.labels),
            cure=f"correct `{key}` in the service's file",
        )


def _require_all(model: Model[Classifier], labels: Iterable[str], key: str) -> None:
    named = list(labels)
    _require_known(model, named, key)
    if missing := [label for label in model.bundle.labels if label not in named]:
        raise SettingsError(
            f"`{key}` does not say what {', '.join(map(repr, missing))} stands for",
            expected="each label of the model " + model.name,
            cure=f"add it to `{key}` in the service's file",
        )


def has_embeddings(model: Classifier) -> bool:
    """Tell whether a classifier's graph gives embeddings, as those of texts do."""
    try:
        model.embeddings(["a"])
    except BundleRefused:
        return False
    return True
