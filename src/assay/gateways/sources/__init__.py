"""Named sources: where the rows of shipped models and examples come from, one module a set.

Each looks first into the folder ``ASSAY_MIRROR``, then into ``data/downloads``, then asks the
network. Writes ``data/downloads`` only. Never imports or runs anything of what it fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import UsageError
from assay.gateways.sources import (
    bank_faq,
    banking77,
    cifar10,
    clinc150,
    fashion_mnist,
    hotels,
    opinions,
    reviews,
    shakespeare,
    shop10,
    songci,
    sst2,
    wikitext2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from assay.gateways.sources.images import Images

TEXTS: dict[str, Callable[[], pd.DataFrame]] = {
    "opinions": opinions.opinions,
    "sst2": sst2.sst2,
    "banking77": banking77.banking77,
    "clinc150": clinc150.clinc150,
    "hotels": hotels.hotels,
    "reviews": reviews.reviews,
    "shop10": shop10.categories,
    "shop10-sentiment": shop10.sentiments,
}
CORPORA: dict[str, Callable[[], pd.DataFrame]] = {
    "shakespeare": shakespeare.shakespeare,
    "songci": songci.songci,
    "wikitext2": wikitext2.wikitext2,
    "bank_faq": bank_faq.bank_faq,
}
IMAGES: dict[str, Callable[[], Images]] = {
    "fashion-mnist": fashion_mnist.images,
    "cifar10": cifar10.images,
}


def texts(name: str) -> pd.DataFrame:
    """Return the table of a named source: ``text``, ``label`` and its own columns.

    One that comes with a test split has the column ``given``: ``train`` or ``test``.

    Raises:
        UsageError: no source of texts of this name.
        SourceRefused: it can't be fetched, its checksum is wrong, or it is another file.

    """
    _require(name, TEXTS)
    return TEXTS[name]()


def corpus(name: str) -> pd.DataFrame:
    """Return the documents of a named source: ``text`` (a whole document) and its own columns.

    One that comes with a test split has the column ``given``: ``train`` or ``test``.

    Raises:
        UsageError: no source of documents of this name.
        SourceRefused: it can't be fetched, its checksum is wrong, or it is another file.

    """
    _require(name, CORPORA)
    return CORPORA[name]()


def images(name: str) -> Images:
    """Return the images of a named source, to be read one by one.

    Raises:
        UsageError: no source of images of this name.
        SourceRefused: it can't be fetched, or its checksum is wrong.

    """
    _require(name, IMAGES)
    return IMAGES[name]()


def _require(name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UsageError(
            f"there is no source {name!r}",
            expected="one of " + ", ".join(known) + ", or null for the inbox alone",
            cure="correct ingest.source in params.yaml",
        )
