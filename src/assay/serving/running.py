"""From options to a server that listens: the parts are made, run and closed here.

Reads tokens and releases. Writes the logs. Never imports torch.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from assay.bundle.classifier import Classifier
from assay.bundle.image_generator import ImageGenerator
from assay.bundle.language_model import LanguageModel
from assay.errors import UsageError
from assay.progress import say
from assay.serving import served
from assay.serving.access import exposure
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guard_of
from assay.serving.application import Parts, application
from assay.serving.batching import Batcher
from assay.serving.generating.drawer import Drawer
from assay.serving.generating.writer import Writer
from assay.serving.repository import Repository
from assay.serving.routes.context import Context
from assay.serving.server import serve
from assay.serving.sources import Champions, Newest
from assay.serving.watching.access_log import AccessLog
from assay.serving.watching.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.serving.access.guarded import Guard
    from assay.serving.options import Options
    from assay.serving.repository import Work
    from assay.serving.routes.context import Offer
    from assay.serving.served import ServedModel
    from assay.serving.watching.observed import Observed


def run(options: Options) -> None:
    """Serve until a signal ends the process.

    Raises:
        UsageError: other machines would get in without a token; the address is taken.

    """
    address = options.address
    if options.workspace and not exposure.is_loopback(address.host):
        raise UsageError(
            f"--workspace and {address.host} were given: what no gate let through is served on "
            "this machine alone",
            expected="--host 127.0.0.1, or champions",
            cure="assay promote MODEL, and leave out --workspace",
        )
    guard = guard_of(address)
    with ExitStack() as closing:
        parts = _parts(options, guard, closing)
        told = f"serving {', '.join(options.models)} on {address.url} (docs: {address.url}/docs)"
        serve(application(parts), address, lambda: say(told))


def _parts(options: Options, guard: Guard, closing: ExitStack) -> Parts:
    metrics = Metrics()
    tell = _observers(options, metrics, closing)
    source = (Newest if options.workspace else Champions)(options.threads)
    repository = Repository(source, options.models, _beginner(options, metrics), metrics)
    offers = [*_kept(options, metrics, closing), *_shadows(options, repository, closing)]
    return Parts(
        Context(repository, metrics, seconds=options.seconds, offers=offers),
        guard,
        Bounds(options.body),
        tell,
    )


def _observers(
    options: Options, metrics: Metrics, closing: ExitStack
) -> list[Callable[[Observed], object]]:
    """Return who is told of each request that has ended.

    Raises:
        UsageError: the collector of traces has no address.

    """
    found: list[Callable[[Observed], object]] = []
    if options.access_log:
        lines = AccessLog("stderr")
        closing.callback(lines.close)
        found.append(lines.write)
    if options.traces:
        # OpenTelemetry takes its time to load, and few have a collector.
        from assay.serving.watching.tracing import Traces

        traces = Traces(options.traces, scheme=options.address.scheme)
        closing.callback(traces.close)
        metrics.follow(
            "assay_spans_dropped", "Spans that the collector did not get", lambda: traces.dropped
        )
        found.append(traces.write)
    return found


def _kept(options: Options, metrics: Metrics, closing: ExitStack) -> list[Offer]:
    """Return what keeps a share of the rows, if any is to be kept."""
    if not options.share:
        return []
    # Parquet's library takes its time to load, and few keep predictions.
    from assay.serving.watching.prediction_log import PredictionLog

    kept = PredictionLog(options.share)
    closing.callback(kept.close)
    metrics.follow("assay_prediction_log_dropped", "Rows that were not kept", lambda: kept.dropped)
    return [lambda model, asked, answers, _: kept.offer(model, asked, answers)]


def _shadows(options: Options, repository: Repository, closing: ExitStack) -> list[Offer]:
    """Open the challengers, and return what hands them the champions' traffic.

    Raises:
        UsageError: one of them gives no labels.
        SignatureRefused, BundleRefused, NoRelease: one of them does not hold, or is not there.

    """
    if not options.shadows:
        return []
    from assay.serving.watching.shadow import Shadow

    offers: list[Offer] = []
    for name, version in options.shadows.items():
        challenger = (
            served.load_workspace(name, threads=1)
            if version is None
            else served.load_release(name, version, threads=1)
        )
        shadow = Shadow(name, challenger, busy=partial(_is_busy, repository, name))
        closing.callback(shadow.close)
        offers.append(shadow.offer)
        say(f"serving: {name} {challenger.label} answers beside the champion, unseen")
    return offers


def _is_busy(repository: Repository, name: str) -> bool:
    return not repository.is_idle(name)


def _beginner(options: Options, metrics: Metrics) -> Callable[[ServedModel], Work]:
    """Return what starts the threads that compute a model's answers."""

    def begin(model: ServedModel) -> Work:
        match model.bundle:
            case Classifier() as bundle:
                return Batcher(
                    bundle,
                    threads=options.threads,
                    most_queued=options.queue,
                    count=lambda: metrics.count_batch(model.name, model.label),
                )
            case LanguageModel() as bundle:
                return Writer(bundle)
            case ImageGenerator() as bundle:
                return Drawer(
                    bundle,
                    most_queued=options.queue,
                    count=lambda: metrics.count_batch(model.name, model.label),
                )
            case other:
                raise UsageError(
                    f"{model.name} opens as {type(other).__name__}, which is not served",
                    expected="a classifier, a language model or a generator of images",
                )

    return begin
