"""What was found in a table of documents, in figures and sentences.

Reads measured columns. Writes nothing. Of personal data it tells kinds and counts alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from assay.settings.corpus import CorpusIngest

# A second language of fewer documents than this share is a quotation here and there.
SECOND_LANGUAGE = 0.05
# Of a document's n-grams: one that repeats more of itself is a list, a log or a faulty export.
MOST_REPEATED = 0.5


def figures(
    measured: pd.DataFrame, text: pd.Series[str], personal: Counter[str]
) -> dict[str, int | float]:
    """Return documents, characters, bytes, documents by language, personal data by kind, shares."""
    languages = measured["language"].value_counts()
    shares = {
        "share of repeated lines": "repeated_line_share",
        "share of repeated n-grams": "repeated_ngram_share",
        "share of boilerplate lines": "boilerplate",
    }
    return {
        "documents": len(measured),
        "characters": int(measured["text_length"].sum()),
        "bytes": sum(len(one.encode(errors="replace")) for one in text),
        **{f"documents, language: {name}": int(count) for name, count in languages.items()},
        **{f"personal data, {kind}": count for kind, count in sorted(personal.items())},
        **{
            name: float(measured[column].mean()) if len(measured) else 0.0
            for name, column in shares.items()
        },
    }


def notes(
    measured: pd.DataFrame,
    settings: CorpusIngest,
    personal: Counter[str],
    boilerplate: Mapping[str, int],
) -> tuple[str, ...]:
    """Return in sentences what a reader should look at; often nothing."""
    return (
        *_one_document(measured, settings),
        *_dropped(measured),
        *_personal(measured, personal),
        *_languages(measured),
        *_repeated(measured, boilerplate),
    )


def _one_document(measured: pd.DataFrame, settings: CorpusIngest) -> Iterator[str]:
    if len(measured) != 1:
        return
    cure = (
        "set ingest.separator in params.yaml to what stands between its parts"
        if settings.separator is None
        else f"nothing in it matches ingest.separator, {settings.separator!r}"
    )
    yield f"one document only, which is no train, validation and test split: {cure}"


def _dropped(measured: pd.DataFrame) -> Iterator[str]:
    broken = measured["broken"]
    if broken.any():
        yield (
            f"documents dropped whole for replacement or control characters: {int(broken.sum()):,} "
            f"({int(measured['text_length'][broken].sum()):,} characters); read these files in "
            "their real encoding, or take the characters out"
        )


def _personal(measured: pd.DataFrame, personal: Counter[str]) -> Iterator[str]:
    if personal:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(personal.items()))
        yield (
            f"{int(measured['has_personal'].sum()):,} of {len(measured):,} documents hold what "
            f"looks like personal data ({kinds}): a language model can repeat what it has read; "
            "mask it, or be sure that all of it may be published"
        )


def _languages(measured: pd.DataFrame) -> Iterator[str]:
    shares = measured["language"].value_counts(normalize=True)
    several = [f"{name} {share:.0%}" for name, share in shares.items() if share >= SECOND_LANGUAGE]
    if len(several) > 1:
        yield "the documents are in several languages: " + ", ".join(several)


def _repeated(measured: pd.DataFrame, boilerplate: Mapping[str, int]) -> Iterator[str]:
    repeating = int(measured["repeated_ngram_share"].gt(MOST_REPEATED).sum())
    if repeating:
        yield (
            f"documents that repeat more than half of their own n-grams: {repeating:,}; are they "
            "lists, logs, or exported twice?"
        )
    if boilerplate:
        most = max(boilerplate.values())
        yield (
            f"lines that stand in many documents: {len(boilerplate):,} (the commonest in "
            f"{most:,}); a header or licence is learned before anything else: take it out"
        )
