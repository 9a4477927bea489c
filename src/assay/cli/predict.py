"""``assay predict``: labels for texts, images or rows, or for a whole file or folder.

Reads the champion's bundle, or the workspace's, and what the user names. Writes the file that
``--output`` names, and nothing else. What it does with a file is in ``predict_file``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import cores
from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.cli.located import locate
from assay.cli.predict_explain import explanations, refuse_file, show_explained, units_of
from assay.cli.predict_file import ADDED, DIGITS, Source, ask, in_scope, open_file, show, write
from assay.errors import UsageError
from assay.gateways import written
from assay.paths import require_project
from assay.tasks import registry
from assay.tasks.task import PredictingTask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.classifier import Answers
    from assay.modalities.requests import Occluded, Requests
    from assay.objectives.classification.prediction import Prediction
    from assay.settings.schema import Model


@click.command(name="predict")
@click.argument("model")
@click.argument("words", metavar="[INPUT]...", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="A table of texts, images or rows, or a folder of images.",
)
@click.option("--column", help="Its column, if it is not the one in params.yaml.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write the table with predicted_label and score (.csv .tsv .jsonl .parquet).",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Let --output be the file that is read, and replace columns of these names in it.",
)
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundle, not the champion.")
@click.option("--explain", is_flag=True, help="Mark the words that carried each answer.")
@as_json
def command(
    model: str,
    words: tuple[str, ...],
    file: Path | None,
    column: str | None,
    output: Path | None,
    overwrite: bool,
    workspace: bool,
    explain: bool,
    json_: bool,
) -> None:
    """Ask MODEL for the label of each INPUT (a text, an image file, a row), or of a whole file."""
    require_project()
    settings = registry.load_model(model)
    requests = _requests(model, settings)
    _check_usage(model, requests, words, file)
    _check_output(file, output, overwrite)
    if file is None:
        contents = requests.words(words)
        occluded = units_of(model, requests, contents) if explain else None
        source = _open(model, workspace)
        _words(source, requests, words, contents, occluded, json_=json_)
    elif explain:
        raise refuse_file()
    else:
        given = open_file(requests, file, column, at_once=output is None)
        if not overwrite:
            _check_columns(file, given.names)
        source = _open(model, workspace)
        if output is None:
            show(source, requests, given, json_=json_)
        else:
            write(source, requests, given, output, json_=json_)


def _requests(model: str, settings: Model) -> Requests:
    """Return how a model reads what it is asked about.

    Raises:
        UsageError: it predicts nothing; the command that asks it is named.

    """
    task = registry.task_of(settings)
    if not isinstance(task, PredictingTask):
        raise UsageError(
            f"{model} predicts no label: this model generates",
            expected="a model of a task of classification",
            cure=f"assay {task.command} {model}",
        )
    return task.requests(settings)


def _check_usage(model: str, requests: Requests, words: tuple[str, ...], file: Path | None) -> None:
    if bool(words) != (file is not None):
        return
    both = f"both {requests.noun}s and --file were given"
    raise UsageError(
        "there is nothing to predict" if file is None else both,
        expected=f"{requests.noun}s, or --file FILE",
        cure=f"for instance: assay predict {model} {requests.example}",
    )


def _check_output(file: Path | None, output: Path | None, overwrite: bool) -> None:
    if output is None:
        return
    if file is None:
        raise UsageError("--output needs --file", expected="--file FILE --output FILE")
    if output.suffix not in written.KINDS:
        raise UsageError(
            f"--output ends in {output.suffix or 'nothing'!r}",
            expected=" ".join(written.KINDS),
            cure="name the output after the format that you want",
        )
    if output.is_dir():
        raise UsageError(
            f"--output {output} is a folder",
            expected="the name of a file",
            cure=f"name a file in it: --output {output / 'predictions.csv'}",
        )
    if not overwrite and output.exists() and file.exists() and output.samefile(file):
        raise UsageError(
            f"--output {output} is the file that is read",
            expected="another file: this one would be lost",
            cure="name another one, or say that you mean it: --overwrite",
        )


def _check_columns(file: Path, names: Sequence[str]) -> None:
    """Refuse to replace columns of the user's own."""
    if taken := [name for name in ADDED if name in names]:
        raise UsageError(
            f"{file} has columns of its own named {' and '.join(taken)}",
            expected="names that are free for what is predicted",
            cure="rename them, or say that they may be replaced: --overwrite",
        )


def _open(model: str, workspace: bool) -> Source:
    """Open the champion; the workspace's bundle where that is asked for, or there is no champion.

    Raises:
        MissingFile: neither is there.
        LedgerRefused, SignatureRefused, BundleRefused: what is there does not hold.

    """
    from assay.tasks.bundles import open_classifier

    found = locate(model, workspace=workspace)
    bundle = open_classifier(found.folder, threads=cores.usable())
    found.say(bundle)
    return Source(bundle, found.version)


def _words(
    source: Source,
    requests: Requests,
    words: tuple[str, ...],
    contents: Sequence[Any],
    occluded: Sequence[Occluded] | None,
    *,
    json_: bool,
) -> None:
    from assay.objectives.classification.prediction import predictions

    bundle = source.bundle
    usable, answers, counts = ask(bundle, requests, contents)
    counts.say(bundle, requests)
    explained = explanations(bundle, contents, occluded, usable) if occluded else []
    given = predictions(answers.probabilities, bundle.labels)
    remarks = _remarks(requests, answers)
    answered = iter(zip(given, answers.unknown.tolist(), in_scope(answers), remarks, strict=True))
    listed, rows = [], []
    for word, good in zip(words, usable, strict=True):
        one, share, inside, remark = next(answered) if good else (None, None, None, "")
        listed.append({requests.noun: word, **_as_dict(one, share), "in_scope": inside})
        rows.append([*_row(word, one), remark])
    for entry, found in zip(listed, explained, strict=False):
        entry["explanation"] = found and found.as_list()
    if explained and not json_:
        show_explained(columns(rows), explained)
    else:
        give(
            {**source.as_dict(counts.truncated), "predictions": listed}, columns(rows), json_=json_
        )


def _remarks(requests: Requests, answers: Answers) -> list[str]:
    """Return what is to be said of each answer, empty where nothing is."""
    remarks = ["out of scope?" if outside else "" for outside in answers.out_of_scope]
    for place in answers.unreadable.nonzero()[0]:
        remarks[place] = requests.remark(float(answers.unknown[place]))
    return remarks


def _as_dict(prediction: Prediction | None, unknown: float | None) -> dict[str, Any]:
    if prediction is None or unknown is None:
        return dict.fromkeys(("predicted_label", "score", "probabilities", "unknown_share"))
    return {
        "predicted_label": prediction.label,
        "score": prediction.score,
        "probabilities": prediction.probabilities,
        "unknown_share": round(unknown, DIGITS),
    }


def _row(word: str, prediction: Prediction | None) -> list[str]:
    if prediction is None:
        return ["(no label)", "", "(blank)"]
    return [prediction.label, f"{prediction.score:.3f}", _short(word)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
