"""``assay predict``: labels for texts or images, or for a whole file or folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import artifacts, inputs
from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.cli.asked import Chosen, asked
from assay.errors import MissingFile, UsageError
from assay.progress import Progress, say
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from assay.bundle import Bundle
    from assay.cli.asked import Asked
    from assay.settings.schema import Model

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
@click.argument("words", metavar="[INPUT]...", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="A table with a column of texts or images, or a folder of images.",
)
@click.option("--column", help="Its column, if it is not the one in params.yaml.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write the table with predicted_label and score (.csv .tsv .jsonl .parquet).",
)
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundle, not the champion.")
@as_json
def command(
    model: str,
    words: tuple[str, ...],
    file: Path | None,
    column: str | None,
    output: Path | None,
    workspace: bool,
    json_: bool,
) -> None:
    """Ask MODEL for the label of each INPUT (a text or an image file), or of a whole file."""
    artifacts.require_project()
    settings = reading.load_model(artifacts.PARAMS, model)
    kind = asked(settings.task)
    _check_usage(model, settings, kind, words, file)
    _check_output(file, output)
    if file is None:
        contents = kind.words(words)
        _words(_open(model, settings, workspace), kind, words, contents, json_=json_)
    else:
        rows, contents = kind.table(file, column, settings)
        bundle = _open(model, settings, workspace)
        _file(bundle, kind, rows, contents, output, json_=json_)


def _check_usage(
    model: str, settings: Model, kind: Asked, words: tuple[str, ...], file: Path | None
) -> None:
    if bool(words) != (file is not None):
        return
    both = f"both {kind.NOUN}s and --file were given"
    raise UsageError(
        "there is nothing to predict" if file is None else both,
        expected=f"{kind.NOUN}s, or --file FILE",
        cure=f"for instance: assay predict {model} {inputs.KINDS[settings.task].EXAMPLE}",
    )


def _check_output(file: Path | None, output: Path | None) -> None:
    if output is None:
        return
    if file is None:
        raise UsageError("--output needs --file", expected="--file FILE --output FILE")
    if output.suffix not in WRITERS:
        raise UsageError(
            f"--output ends in {output.suffix or 'nothing'!r}",
            expected=" ".join(WRITERS),
            cure="name the output after the format that you want",
        )
    if output.is_dir():
        raise UsageError(
            f"--output {output} is a folder",
            expected="the name of a file",
            cure=f"name a file in it: --output {output / 'predictions.csv'}",
        )


def _open(model: str, settings: Model, workspace: bool) -> Bundle:
    from assay.bundle import Bundle

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


def _words(
    bundle: Bundle, kind: Asked, words: tuple[str, ...], contents: Sequence[Any], *, json_: bool
) -> None:
    usable = kind.usable(contents, bundle)
    chosen = Chosen(contents, [place for place, good in enumerate(usable) if good])
    answers = iter(bundle.probabilities(chosen))
    predictions = [
        {kind.NOUN: word, **_prediction(bundle, next(answers) if good else None)}
        for word, good in zip(words, usable, strict=True)
    ]
    if idle := len(words) - len(chosen):
        say(f"{idle:,} {kind.NOTHING}")
    answer = {**_source(bundle, _tell_cut(bundle, kind, chosen)), "predictions": predictions}
    rows = [_row(prediction, kind.NOUN) for prediction in predictions]
    give(answer, columns(rows), json_=json_)


def _prediction(bundle: Bundle, row: np.ndarray[Any, Any] | None) -> dict[str, Any]:
    """Return the answer for one row of probabilities; what can't be asked about gets none."""
    if row is None:
        return dict.fromkeys(("predicted_label", "score", "probabilities"))
    return {
        "predicted_label": bundle.labels[int(row.argmax())],
        "score": round(float(row.max()), 6),
        "probabilities": {
            label: round(float(share), 6) for label, share in zip(bundle.labels, row, strict=True)
        },
    }


def _row(prediction: dict[str, Any], noun: str) -> list[str]:
    if prediction["predicted_label"] is None:
        return ["(no label)", "", "(blank)"]
    score = f"{prediction['score']:.3f}"
    return [prediction["predicted_label"], score, _short(prediction[noun])]


def _file(
    bundle: Bundle,
    kind: Asked,
    rows: pd.DataFrame,
    contents: Sequence[Any],
    output: Path | None,
    *,
    json_: bool,
) -> None:
    labelled, truncated = _labelled(bundle, kind, rows, contents)
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


def _labelled(
    bundle: Bundle, kind: Asked, rows: pd.DataFrame, contents: Sequence[Any]
) -> tuple[pd.DataFrame, int]:
    """Return the table with ``predicted_label`` and ``score``; what can't be asked gets neither."""
    usable = kind.usable(contents, bundle)
    chosen = Chosen(contents, [place for place, good in enumerate(usable) if good])
    with Progress("predicting", len(chosen)) as bar:
        probabilities = bundle.probabilities(chosen, progress=bar)
    labelled = rows.copy()
    labelled["predicted_label"] = None
    labelled["score"] = None
    if len(chosen):
        names = [bundle.labels[number] for number in probabilities.argmax(axis=1)]
        labelled.loc[usable, "predicted_label"] = names
        labelled.loc[usable, "score"] = probabilities.max(axis=1).round(6)
    if idle := len(rows) - len(chosen):
        say(f"{idle:,} {kind.NOTHING}")
    return labelled, _tell_cut(bundle, kind, chosen)


def _tell_cut(bundle: Bundle, kind: Asked, contents: Sequence[Any]) -> int:
    number, words = kind.cut(contents, bundle)
    if number:
        say(f"{number:,} {words}")
    return number


def _source(bundle: Bundle, truncated: int) -> dict[str, Any]:
    return {
        "source": "workspace",
        "precision": bundle.precision,
        "provider": bundle.provider,
        "weights": bundle.fingerprints["weights"],
        "truncated": truncated,
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
