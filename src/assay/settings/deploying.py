"""Give a model a deployment in ``prefect.yaml``; nothing else in the file changes.

Reads and writes ``prefect.yaml``, atomically. A file that is not there is not made, and a block
after which the file would not say what it said before is never written. Deploys nothing: that is
``make up``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from assay.errors import SettingsError
from assay.files import write_text
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPLOYMENTS = Path("prefect.yaml")
KEY = "deployments"
# The hour of the first schedule, UTC; each further model's is an hour later.
FIRST_HOUR = 3
# Names that YAML 1.1, which Prefect reads, takes for something else than text.
NO_TEXT = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
BLOCK = """\
- name: {name}
  description: Bring {model} up to date with data/inbox/{model}/, and register what came out.
  entrypoint: flows/retrain.py:retrain
  parameters:
    model: {name}
  work_pool:
    name: local
  # A second retraining waits for the first.
  concurrency_limit:
    limit: 1
    collision_strategy: ENQUEUE
  schedules:
    - cron: "0 {hour} * * 1"        # Mondays at {hour} o'clock
      timezone: UTC            # or Europe/Berlin, Asia/Shanghai ...
      active: false            # true, then `make up`, and it runs by itself
"""


def known(path: Path) -> dict[str, str]:
    """Return the deployment's name of each model that has one; none where there is no file.

    Raises:
        SettingsError: the file is torn, or its deployments are no list.

    """
    deployments = _deployments(path, _content(path, path.read_bytes())) if path.is_file() else []
    found = ((_model(one), str(one["name"])) for one in deployments if "name" in one)
    return {model: name for model, name in found if model}


def add(path: Path, model: str) -> str | None:
    """Append a deployment whose schedule is off; return its name, or None where there is no file.

    A model that has one keeps it as it is.

    Raises:
        SettingsError: as :func:`check`; nothing was changed.

    """
    text = _text_with(path, model)
    if text is not None:
        write_text(path, text)
    return known(path).get(model)


def check(path: Path, model: str) -> None:
    """Refuse a file to which :func:`add` could not add the model's deployment.

    Raises:
        SettingsError: the file is torn, its deployments can't be added to, or one of that name is
            another model's.

    """
    _text_with(path, model)


def _text_with(path: Path, model: str) -> str | None:
    """Return the file's text with the model's deployment; None where nothing is to be written."""
    if not path.is_file() or model in known(path):
        return None
    text = path.read_bytes().decode("utf-8")
    before = _content(path, text.encode("utf-8"))
    deployments = _deployments(path, before)
    if any(one.get("name") == model for one in deployments):
        raise SettingsError(
            f"{path}: a deployment is named {model!r}, and is not of a model {model!r}",
            expected="a deployment of each model under the model's own name",
            cure=f"rename it in {path}",
        )
    block = _block(model, len(deployments))
    after = _inserted(text, block)
    if not _is_as_before_with_one_more(path, before, after, model):
        raise SettingsError(
            f"{path}: no place was found for one more deployment",
            expected=f"`{KEY}` as a list with one deployment under the other, each behind a `-`",
            cure=f"write it so, or take the last good one: git checkout {path}",
        )
    return after


def _content(path: Path, content: bytes) -> dict[Any, Any]:
    try:
        return reading.mapping(path, content)
    except SettingsError as problem:
        raise SettingsError(
            problem.found, expected=f"a mapping with a list `{KEY}`", cure=problem.cure
        ) from problem


def _deployments(path: Path, content: Mapping[Any, Any]) -> list[dict[Any, Any]]:
    found = content.get(KEY) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SettingsError(
            f"{path}: `{KEY}` is {found!r:.80}",
            expected="a list, each deployment a mapping with its name, entrypoint and parameters",
            cure=f"correct `{KEY}` in {path}",
        )
    return found


def _model(deployment: Mapping[Any, Any]) -> str | None:
    parameters = deployment.get("parameters")
    model = parameters.get("model") if isinstance(parameters, dict) else None
    return model if isinstance(model, str) else None


def _block(model: str, others: int) -> str:
    name = f'"{model}"' if model in NO_TEXT else model
    return BLOCK.format(model=model, name=name, hour=(FIRST_HOUR + others) % 24)


def _inserted(text: str, block: str) -> str:
    """Return the text with a block behind its last deployment, as far in as the others are."""
    text = re.sub(rf"(?m)^{KEY}:[ \t]*\[[ \t]*\]", f"{KEY}:", text)
    newline = "\r\n" if "\r\n" in text else "\n"
    text += "" if text.endswith("\n") else newline
    found = YAML().load(text)
    if KEY not in found:
        text += f"{newline}{KEY}:{newline}"
    lines = text.splitlines(keepends=True)
    end = _end(lines, found)
    first = found.get(KEY)
    indent = " " * (first.lc.col if first else 2)
    added = [f"{indent}{line}{newline}" for line in block.splitlines()]
    above = [newline] if first else []
    below = [newline] if lines[end:] and lines[end].strip() else []
    return "".join([*lines[:end], *above, *added, *below, *lines[end:]])


def _end(lines: list[str], found: Any) -> int:
    """Return the line behind the deployments: comments above the next key are the next key's."""
    below = found.lc.key(KEY)[0] if KEY in found else len(lines) - 1
    later = [found.lc.key(key)[0] for key in found if found.lc.key(key)[0] > below]
    end = min(later, default=len(lines))
    while later and re.match(r"\s*$|#", lines[end - 1]):
        end -= 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def _is_as_before_with_one_more(
    path: Path, before: Mapping[Any, Any], text: str, model: str
) -> bool:
    try:
        after = _content(path, text.encode("utf-8"))
    except SettingsError:
        return False
    *others, last = after[KEY] or [{}]
    rest = {key: value for key, value in after.items() if key != KEY}
    return (
        _model(last) == model
        and others == (before.get(KEY) or [])
        and rest == {key: value for key, value in before.items() if key != KEY}
    )
