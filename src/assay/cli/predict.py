"""``assay predict``: labels for texts, or for a whole file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from assay import artifacts
from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.errors import MissingFile, UsageError
from assay.progress import Progress, say
from assay.settings import reading

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from assay.bundle import Bundle
    from assay.settings.text import TextModel

WRITERS = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    ".jsonl": lambda table, path: table.to_json(
        path, orient="records", lines=True, force_ascii=False
    ),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
}


@click.command(name="predict")
@click.argument("model")
@click.argument("text", nargs=-1)
@click.option("--file", "file", type=click.Path(path_type=Path), help="A table with a text column.")
@click.option("--column", help="Its text column, if it is not the one in params.yaml.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write the table with predicted_label and score (.csv .tsv .jsonl .parquet).",
)
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundle, not the champion.")
@as_json
def command(
    model: str,
    text: tuple[str, ...],
    file: Path | None,
    column: str | None,
    output: Path | None,
    workspace: bool,
    json_: bool,
) -> None:
    """Ask MODEL for the label of each TEXT, or of each row of a file."""
    _check_usage(text, file, output)
    bundle = _open(model, workspace)
    if file is None:
        _texts(bundle, text, json_=json_)
    else:
        _file(bundle, file, _column(model, column), output, json_=json_)


def _check_usage(text: tuple[str, ...], file: Path | None, output: Path | None) -> None:
    if bool(text) == (file is not None):
        raise UsageError(
            "there is nothing to predict" if file is None else "both texts and --file were given",
            expected="texts, or --file FILE",
            cure='for instance: assay predict opinions "I would buy it again"',
        )
    if any("\ud800" <= letter <= "\udfff" for one in text for letter in one):
        raise UsageError(
            "a text holds bytes that are not UTF-8",
            expected="text in UTF-8",
            cure="set the terminal to UTF-8, or give the texts in a file: --file FILE",
        )
    if output and file is None:
        raise UsageError("--output needs --file", expected="--file FILE --output FILE")
    if output and output.suffix not in WRITERS:
        raise UsageError(
            f"--output ends in {output.suffix or 'nothing'!r}",
            expected=" ".join(WRITERS),
            cure="name the output after the format that you want",
        )
    if output and output.is_dir():
        raise UsageError(
            f"--output {output} is a folder",
            expected="the name of a file",
            cure=f"name a file in it: --output {output / 'predictions.csv'}",
        )


def _open(model: str, workspace: bool) -> Bundle:
    from assay.bundle import Bundle

    artifacts.require_project()
    settings = reading.load_model(artifacts.PARAMS, model)
    folder = artifacts.Artifacts(model).bundle
    if not folder.is_dir():
        raise MissingFile(
            f"{model} has not been built: there is no {folder}",
            expected="a bundle",
            cure=f"assay run {model}, or dvc pull if a colleague built it",
        )
    bundle = Bundle.open(folder, threads=settings.export.threads)
    why = "as asked" if workspace else "no version has been promoted yet"
    say(f"{model} from the workspace ({why}): {bundle.precision} on {bundle.provider}")
    return bundle


def _texts(bundle: Bundle, texts: tuple[str, ...], *, json_: bool) -> None:
    asked = [text for text in texts if text.strip()]
    answers = iter(bundle.probabilities(asked))
    predictions = [
        {"text": text, **_prediction(bundle, next(answers) if text.strip() else None)}
        for text in texts
    ]
    if blank := len(texts) - len(asked):
        say(f"{blank:,} texts are blank and get no label")
    answer = {**_source(bundle, _tell_truncated(bundle, asked)), "predictions": predictions}
    give(answer, columns([_row(prediction) for prediction in predictions]), json_=json_)


def _prediction(bundle: Bundle, row: np.ndarray[Any, Any] | None) -> dict[str, Any]:
    """Return the answer for one text's probabilities; None, of a blank text, gets none."""
    if row is None:
        return dict.fromkeys(("predicted_label", "score", "probabilities"))
    return {
        "predicted_label": bundle.labels[int(row.argmax())],
        "score": round(float(row.max()), 6),
        "probabilities": {
            label: round(float(share), 6) for label, share in zip(bundle.labels, row, strict=True)
        },
    }


def _row(prediction: dict[str, Any]) -> list[str]:
    if prediction["predicted_label"] is None:
        return ["(no label)", "", "(blank)"]
    text = _short(prediction["text"])
    return [prediction["predicted_label"], f"{prediction['score']:.3f}", text]


def _file(bundle: Bundle, file: Path, column: str, output: Path | None, *, json_: bool) -> None:
    from assay.gateways import tables

    table = tables.read_table(file)
    if column not in table.columns:
        names = [str(name) for name in table.columns]
        near = difflib.get_close_matches(column, names, n=1, cutoff=0.4)
        raise UsageError(
            f"{file} has no column {column!r}; it has " + ", ".join(map(repr, names)),
            expected="the column that holds the texts",
            cure=f"name it: --column {near[0] if near else 'COLUMN'}",
        )
    labelled, truncated = _labelled(bundle, table, column)
    if output:
        _write(labelled, output)
        answer = {**_source(bundle, truncated), "rows": len(labelled), "output": str(output)}
        give(answer, [f"{len(labelled):,} rows -> {output}"], json_=json_)
    elif json_:
        records = labelled.astype("object").where(labelled.notna(), None).to_dict("records")
        give({**_source(bundle, truncated), "predictions": records}, [], json_=True)
    else:
        click.echo(labelled.to_csv(index=False), nl=False)


def _write(table: pd.DataFrame, output: Path) -> None:
    try:
        with artifacts.replacing(output) as beside:
            WRITERS[output.suffix](table, beside)
    except OSError as problem:
        raise UsageError(
            f"{output} cannot be written: {problem.strerror or problem}",
            expected="a place that you may write to",
            cure="name another one with --output",
        ) from problem


def _labelled(bundle: Bundle, table: pd.DataFrame, column: str) -> tuple[pd.DataFrame, int]:
    """Return the table with ``predicted_label`` and ``score``; blank texts get neither."""
    texts = table[column].astype("str").where(table[column].notna(), "")
    real = texts.str.strip().ne("")
    asked = texts[real].tolist()
    with Progress("predicting", len(asked)) as bar:
        probabilities = bundle.probabilities(asked, progress=bar)
    labelled = table.copy()
    labelled["predicted_label"] = None
    labelled["score"] = None
    if asked:
        names = [bundle.labels[number] for number in probabilities.argmax(axis=1)]
        labelled.loc[real, "predicted_label"] = names
        labelled.loc[real, "score"] = probabilities.max(axis=1).round(6)
    if blank := int((~real).sum()):
        say(f"{blank:,} rows have no text and get no label")
    return labelled, _tell_truncated(bundle, asked)


def _tell_truncated(bundle: Bundle, texts: list[str] | tuple[str, ...]) -> int:
    truncated = bundle.encode(texts).truncated
    if truncated:
        say(
            f"{truncated:,} texts are longer than {bundle.facts['max_length']} tokens; "
            "the rest was not read"
        )
    return truncated


def _source(bundle: Bundle, truncated: int) -> dict[str, Any]:
    return {
        "source": "workspace",
        "precision": bundle.precision,
        "provider": bundle.provider,
        "weights": bundle.fingerprints["weights"],
        "truncated": truncated,
    }


def _column(model: str, given: str | None) -> str:
    return given or cast("TextModel", reading.load_model(artifacts.PARAMS, model)).ingest.text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
