"""What DVC's errors mean to a user.

Reads how much of the disk is free, and writes nothing.
"""

from __future__ import annotations

import shutil

from assay import errors

# Parts of DVC's class names, our class, and the cure.
_MEANINGS: tuple[tuple[tuple[str, ...], type[errors.AssayError], str], ...] = (
    (
        ("YAML", "Format", "Parse", "Resolve", "Cyclic", "Duplication", "Overlapping"),
        errors.SettingsError,
        "mend the file; what changed: git diff dvc.yaml dvc.lock params.yaml",
    ),
    (("LockError",), errors.StageFailed, "wait until the other dvc command has ended"),
    (
        ("NotDvcRepoError",),
        errors.UsageError,
        "work in the folder that you cloned, with all that is in it",
    ),
    (
        ("SCMError",),
        errors.UsageError,
        "DVC works inside git: git init && git add . && git commit -m first",
    ),
    (("StageNotFound",), errors.UsageError, "these exist: dvc stage list --name-only"),
    (
        ("MissingDataSource", "FileNotFound"),
        errors.StageFailed,
        "make what is missing first: dvc repro makes everything",
    ),
)


def explain(causes: list[tuple[str, str]], last: str = "") -> errors.AssayError:
    """Turn DVC's chain of errors (class and text, outermost first) into one of ours."""
    found = ": ".join(dict.fromkeys(" ".join(text.split()) for _, text in causes if text))
    if "No space left on device" in found + last or shutil.disk_usage(".").free < 2**20:
        return errors.OutOfSpace(
            f"the disk is full ({found})",
            expected="room for every output twice: in the workspace and in DVC's cache",
            cure=f"free some space ({errors.OLD_VERSIONS}), then run the same command again: "
            "finished stages are kept",
        )
    for names, kind, cure in _MEANINGS:
        if any(name in cause for name in names for cause, _ in causes):
            return kind(found, cure=cure)
    if found.endswith((", exited with -9", ", exited with 137")):
        return errors.StageFailed(
            found,
            expected="a stage that runs to its end",
            cure="it was killed, most often for want of memory: a smaller batch_size or "
            "max_length needs less",
        )
    return errors.StageFailed(
        f"{found}: {last}" if last else found,
        cure="the stage's own lines above tell more; what earlier stages made is kept",
    )


def causes(problem: BaseException | None) -> list[tuple[str, str]]:
    """Return class and text of an error and of those behind it, outermost first."""
    found = []
    while problem:
        found.append((type(problem).__name__, str(problem)))
        problem = problem.__cause__
    return found
