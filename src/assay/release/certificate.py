"""What a release was made from, and who vouches for it: its ``certificate.json``.

Reads and writes that file. It is an in-toto Statement (in-toto.io/Statement/v1) in a DSSE envelope,
its predicate SLSA provenance (slsa.dev/provenance/v1): subject are the files of the bundle,
resolved dependencies what they were made from. Digests of DVC are MD5, which finds accidents;
SHA-256 of the same outputs stands beside it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, ValidationError

from assay.files import read_json, write_json
from assay.gateways import signing
from assay.gateways.signing.envelope import refused
from assay.records import Record, Trace
from assay.verdicts import Verdict  # noqa: TC001 (built at run time)

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:assay:retrain:1"


class Material(Record):
    """One thing that a release was made from: its digests by algorithm."""

    name: str
    digest: dict[str, str]


class Machine(Record):
    """Where a release was made: what decides its bytes."""

    processor: str
    threads: int
    torch: str
    python: str


class Certificate(Record):
    """All that a certificate says.

    Attributes:
        model: its name.
        version: of the release.
        created: when, in UTC.
        files: SHA-256 of each file of the bundle.
        commit: of the code.
        dirty: whether the code differed from it.
        settings: the model's block of ``params.yaml``.
        materials: raw data, splits, lock of packages, pretrained checkpoint, checkpoint and splits
            of a teacher, files of the inbox.
        lock: the model's stages as ``dvc.lock`` records them, and those outputs of its teacher.
        inbox: DVC's MD5 of each tracked entry of the inbox.
        machine: where it was made; bytes were first shown equal on its processor class.
        trace: digests of the training state.
        verdict: what the gate said.

    """

    model: str
    version: int
    created: str
    files: dict[str, str]
    commit: str
    dirty: bool
    settings: dict[str, JsonValue]
    materials: tuple[Material, ...]
    lock: dict[str, JsonValue]
    inbox: dict[str, str]
    machine: Machine
    trace: Trace
    verdict: Verdict


def write(path: Path, certificate: Certificate) -> None:
    """Sign a certificate and write it.

    Raises:
        MissingFile, SignatureRefused: there is no key to sign with.

    """
    payload = json.dumps(statement(certificate), sort_keys=True, ensure_ascii=False).encode()
    write_json(path, signing.seal(payload, PAYLOAD))


def read(path: Path) -> Certificate:
    """Read a certificate that a trusted key signed.

    Raises:
        SignatureRefused: it is missing, altered, of another key, or none of this version of Assay.

    """
    what = f"the certificate {path}"
    try:
        envelope = read_json(path)
    except (OSError, ValueError) as problem:
        raise refused(what, "it is missing or unreadable") from problem
    payload = signing.open_envelope(envelope, PAYLOAD, what)
    try:
        return _parsed(json.loads(payload))
    except (ValidationError, ValueError, KeyError, TypeError) as problem:
        raise refused(what, "it is no certificate of this version of Assay") from problem


def statement(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as an in-toto Statement with SLSA's predicate."""
    stated = certificate.model_dump(mode="json")
    code = {"name": "code", "digest": {"gitCommit": certificate.commit}}
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in sorted(certificate.files.items())
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    name: stated[name] for name in ("model", "version", "settings")
                },
                "internalParameters": {"dirty": certificate.dirty, **stated["machine"]},
                "resolvedDependencies": [code, *stated["materials"]],
            },
            "runDetails": {
                "builder": {"id": BUILD},
                "metadata": {"finishedOn": certificate.created},
                "byproducts": [
                    {"name": name, "annotations": {"content": stated[name]}, "digest": {}}
                    for name in ("lock", "inbox", "trace", "verdict")
                ],
            },
        },
    }


def _parsed(stated: dict[str, Any]) -> Certificate:
    if (stated["_type"], stated["predicateType"]) != (STATEMENT, PREDICATE):
        raise ValueError("another kind of statement")
    built, run = (stated["predicate"][part] for part in ("buildDefinition", "runDetails"))
    code, *materials = built["resolvedDependencies"]
    machine = dict(built["internalParameters"])
    return Certificate.model_validate(
        {
            **built["externalParameters"],
            **{one["name"]: one["annotations"]["content"] for one in run["byproducts"]},
            "files": {one["name"]: one["digest"]["sha256"] for one in stated["subject"]},
            "created": run["metadata"]["finishedOn"],
            "commit": code["digest"]["gitCommit"],
            "dirty": machine.pop("dirty"),
            "materials": materials,
            "machine": machine,
        }
    )
