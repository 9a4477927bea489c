"""Complete a run from files, and register its ONNX model.

Reads the files it is told, and the store. Writes to the store: what is there already isn't
written twice. Nothing is pickled.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from assay.bundle import manifest
from assay.bundle.manifest import MODEL
from assay.files import replacing, sha256
from assay.gateways.tracking import aliases, runs, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.models import ModelSignature

    from assay.bundle.manifest import Manifest, Port

DIGEST = 36  # characters that MLflow keeps of a data set's digest
NOTE = 8000  # characters that it keeps of a tag
UPLOAD_WITHIN = "120"  # seconds for a server to store one file
FILES = "assay.files"
# ![title](pictures/name.png), not a picture of another host.
PICTURE = re.compile(r"!\[(?P<title>[^\]]*)\]\((?P<path>(?![a-z]+:|/)[^)\s]+)\)")
EXTRA = "extra_files"


@dataclass(frozen=True)
class Dataset:
    """A table that a model was made from or measured on: never its rows."""

    name: str
    path: Path
    sha256: str
    rows: int
    columns: Mapping[str, str]  # name to MLflow's type: string, long, double, binary
    context: str  # training, validation or testing


class Record:
    """One run of the store, and what may be added to it.

    Every method raises MLflow's own errors: call them within :func:`store.failures`.
    """

    def __init__(self, client: MlflowClient, model: str, run: Run) -> None:
        """Use :meth:`of`."""
        self._client, self._model, self._run = client, model, run
        self.run_id: str = run.info.run_id

    @classmethod
    def of(cls, model: str, weights: str) -> Record:
        """Return the run that trained ``weights`` (SHA-256 of the checkpoint), or a new one.

        Raises:
            StoreFailed: the store cannot be reached.

        """
        client = store.connect()
        return cls(client, model, runs.of_weights(client, model, weights))

    @property
    def url(self) -> str | None:
        """The run's page, if a server shows it."""
        return store.run_url(self._run.info.experiment_id, self.run_id)

    @property
    def known_tags(self) -> Mapping[str, str]:
        """The tags that the run had when it was found."""
        tags: Mapping[str, str] = self._run.data.tags
        return tags

    def add_params(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """Log settings; return the names of those that the run keeps another value of."""
        params, known = runs.flatten(settings), self._run.data.params
        runs.write(self._client, self.run_id, params=runs.unknown(self._run, params))
        return tuple(name for name in params if known.get(name, params[name]) != params[name])

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags, cut to the length that MLflow keeps."""
        cut = {name: value[:NOTE] for name, value in tags.items()}
        runs.write(self._client, self.run_id, tags=cut)

    def add_note(self, markdown: str) -> None:
        """Show a page as the run's description; its pictures are those among the run's files."""

        def served(picture: re.Match[str]) -> str:
            query = urlencode({"path": picture["path"], "run_uuid": self.run_id})
            return f"![{picture['title']}](get-artifact?{query})"

        self.add_tags({"mlflow.note.content": PICTURE.sub(served, markdown)})

    def add_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log figures that the run does not show yet."""
        fresh = runs.points(runs.news(self._run, metrics))
        runs.write(self._client, self.run_id, metrics=fresh)

    def add_curve(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log those points (step, figures) of a training curve that the run lacks."""
        seen: dict[str, set[int]] = {}
        missing: list[runs.Point] = []
        for step, figures in rows:
            for point in runs.points(figures, step):
                name = runs.metric_name(point[0])
                if name not in seen:
                    seen[name] = self._steps(name)
                if step not in seen[name]:
                    missing.append(point)
        runs.write(self._client, self.run_id, metrics=missing)

    def add_datasets(self, datasets: Sequence[Dataset]) -> None:
        """Log what the run was made from; a data set that it has is not added again."""
        from mlflow.entities import DatasetInput, InputTag

        given = self._run.inputs.dataset_inputs if self._run.inputs else []
        known = {(one.dataset.name, one.dataset.digest) for one in given}
        fresh = [
            DatasetInput(_entity(dataset), [InputTag("mlflow.data.context", dataset.context)])
            for dataset in datasets
            if (dataset.name, dataset.sha256[:DIGEST]) not in known
        ]
        if fresh:
            self._client.log_inputs(self.run_id, fresh)

    def add_files(self, files: Mapping[str, Path]) -> None:
        """Upload files and folders to the artifact folders that they are keyed by.

        ``{"data_docs": reports / "data_docs"}``; nothing is uploaded when all are as they were.
        """
        lines = [f"{place} {sha256(path)}\n" for place, path in files.items()]
        state = hashlib.sha256("".join(lines).encode()).hexdigest()
        if self.known_tags.get(FILES) == state:
            return
        with store.environment(MLFLOW_HTTP_REQUEST_TIMEOUT=UPLOAD_WITHIN):
            for place, path in files.items():
                if path.is_dir():
                    self._client.log_artifacts(self.run_id, str(path), place)
                else:
                    folder = Path(place).parent.as_posix()
                    self._client.log_artifact(
                        self.run_id, str(path), None if folder == "." else folder
                    )
        self.add_tags({FILES: state})

    def add_model(self, bundle: Path, description: str, tags: Mapping[str, str]) -> int:
        """Register the bundle's ONNX model under the model's name; return its version.

        ``tags`` hold ``assay.bundle``; a version that bears the same is returned as it is. The
        bundle's other files stand beside the model in ``extra_files/``.
        """
        version = self._version(tags[runs.BUNDLE])
        if version is None:
            version = self._register(bundle, tags)
            self._client.update_model_version(self._model, str(version), description)
        return version

    def describe_model(self, text: str) -> None:
        """Say what the registered model is, above all its versions."""
        self._client.update_registered_model(self._model, text)

    def _steps(self, metric: str) -> set[int]:
        if metric not in self._run.data.metrics:
            return set()
        return {point.step for point in self._client.get_metric_history(self.run_id, metric)}

    def _version(self, bundle: str) -> int | None:
        return aliases.version_of(self._client, self._model, bundle)

    def _register(self, bundle: Path, tags: Mapping[str, str]) -> int:
        import mlflow.onnx
        from mlflow.models import Model

        from assay.gateways import onnx

        stated, network = manifest.read(bundle), onnx.load(bundle / MODEL)
        beside = sorted(str(path.absolute()) for path in bundle.iterdir() if path.name != MODEL)
        # Model.log is what mlflow.onnx.log_model calls; called so, the run need not be started
        # again. It asks the environment where to go, and talks on both streams.
        with (
            store.environment(
                MLFLOW_TRACKING_URI=store.address(),
                MLFLOW_EXPERIMENT_ID=self._run.info.experiment_id,
                MLFLOW_HTTP_REQUEST_TIMEOUT=UPLOAD_WITHIN,
            ),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            logged = Model.log(
                artifact_path=None,
                name="model",
                flavor=mlflow.onnx,
                run_id=self.run_id,
                registered_model_name=self._model,
                # Otherwise the path of the program that runs.
                tags={**tags, "mlflow.source.name": runs.SOURCE},
                onnx_model=network,
                save_as_external_data=False,
                signature=_signature(stated),
                input_example=_example(stated),
                extra_files=beside,
                pip_requirements=_requirements(),
                onnx_execution_providers=["CPUExecutionProvider"],
            )
        return int(logged.registered_model_version)


def fetch_bundle(model: str, version: int | str, target: Path) -> None:
    """Copy the bundle of a registered version, as it was measured, to the folder ``target``.

    ``version`` is a number, or an alias as ``@champion``. The caller checks the digests
    (:func:`assay.bundle.manifest.read`): a store may have been tampered with.

    Raises:
        StoreFailed: no such version, or the store cannot be reached.

    """
    with store.failures(), tempfile.TemporaryDirectory() as scratch:
        store.connect()
        import mlflow.artifacts

        uri = f"models:/{model}{version}" if "@" in str(version) else f"models:/{model}/{version}"
        with store.environment(MLFLOW_TRACKING_URI=store.address()):
            copy = Path(mlflow.artifacts.download_artifacts(uri, dst_path=scratch))
        with replacing(target) as beside:
            (copy / EXTRA).rename(beside)
            (copy / MODEL).rename(beside / MODEL)


def fetch_of(model: str, bundle: str, target: Path) -> None:
    """Copy the bundle whose digest (``assay.bundle``) a registered version bears to ``target``.

    Raises:
        StoreFailed: no version bears it, or the store cannot be reached.

    """
    with store.failures():
        version = aliases.version_of(store.connect(), model, bundle)
    if version is None:
        raise store.failed(f"no version of {model} holds the bundle {bundle[:12]}")
    fetch_bundle(model, version, target)


def _entity(dataset: Dataset) -> Any:
    from mlflow.entities import Dataset as Entity

    columns = [{"name": name, "type": kind} for name, kind in dataset.columns.items()]
    return Entity(
        name=dataset.name,
        digest=dataset.sha256[:DIGEST],
        source_type="local",
        source=json.dumps({"uri": dataset.path.as_posix()}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": dataset.rows, "sha256": dataset.sha256}),
    )


def _signature(stated: Manifest) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import Schema

    inputs, outputs = map(_specs, (stated.inputs, stated.outputs))
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _specs(ports: Iterable[Port]) -> list[Any]:
    """Return MLflow's description of tensors; -1 stands for a size that may vary."""
    import numpy as np
    from mlflow.types import TensorSpec

    return [
        TensorSpec(
            np.dtype(port.type),
            tuple(-1 if isinstance(size, str) else size for size in port.shape),
            port.name,
        )
        for port in ports
    ]


def _example(stated: Manifest) -> dict[str, Any]:
    """Return the small valid feed whose sizes the manifest names: ones, or empty texts."""
    import numpy as np

    return {
        port.name: np.full(port.example, "", dtype=object)
        if port.type == "str"
        else np.ones(port.example, port.type)
        for port in stated.inputs
    }


def _requirements() -> list[str]:
    """Name what the model needs; left to itself, MLflow runs the model to find out."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        runtime = version("onnxruntime")
    except PackageNotFoundError:
        runtime = version("onnxruntime-gpu")
    return [f"onnx=={version('onnx')}", f"onnxruntime=={runtime}"]
