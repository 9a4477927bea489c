from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle import manifest
from assay.bundle.classifier import Classifier, scope_scores, softmax
from assay.errors import BundleRefused
from assay.files import read_json, sha256
from assay.modalities.text.encoding import Encoding, of_bundle
from assay.paths import ModelPaths
from tests import made
from tests.tasks.text_classification.made import write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
TEXTS = ["great lovely film", "x " * 300, "", "awful", "an ordinary table, by and large " * 3, "好"]


@pytest.fixture
def opened(checkpoint: Path) -> Classifier:
    return Classifier.open(made.built(checkpoint) / FILES.bundle, of_bundle, threads=1)


def test_no_torch_is_needed(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from assay.tasks.bundles import open_classifier\n"
        "found = open_classifier(Path(sys.argv[1])).predict(['a great film']).probabilities\n"
        "assert found.shape == (1, 3)\n"
        "heavy = {'torch', 'transformers', 'pandas', 'mlflow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True)


def test_what_was_altered_is_not_opened(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(BundleRefused, match=r"the bytes of model\.onnx were altered"):
        Classifier.open(folder, of_bundle)


def test_a_bundle_without_labels_is_no_classifier(folder: Path) -> None:
    stated = manifest.read(folder)
    manifest.write(folder, stated.model_copy(update={"labels": ()}))
    with pytest.raises(BundleRefused, match="does not say labels"):
        Classifier.open(folder, of_bundle)


def test_it_says_what_it_is(opened: Classifier, checkpoint: Path) -> None:
    stated = read_json(opened.folder / manifest.MANIFEST)
    assert opened.labels == made.LABELS
    assert opened.precision == stated["precision"]
    assert opened.provider.endswith("ExecutionProvider")
    weights = sha256(made.built(checkpoint) / FILES.checkpoint)
    assert opened.manifest.made_from["weights"] == weights


def test_probabilities_sum_to_one_a_text(opened: Classifier) -> None:
    found = opened.predict(TEXTS).probabilities
    assert found.shape == (len(TEXTS), 3)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


def test_answers_come_in_the_order_of_the_texts(opened: Classifier) -> None:
    forwards = opened.predict(TEXTS, batch_size=1).probabilities
    backwards = opened.predict(TEXTS[::-1], batch_size=1).probabilities
    np.testing.assert_array_equal(forwards, backwards[::-1])
    alone = [opened.predict([text]).probabilities[0] for text in TEXTS]
    np.testing.assert_array_equal(forwards, alone)
    assert len({row.tobytes() for row in forwards}) == len(TEXTS), "no two answers are equal"


def test_what_was_encoded_once_is_answered_alike(opened: Classifier) -> None:
    answers = opened.predict(TEXTS, batch_size=2)
    encoded = opened.encode(TEXTS)
    again = opened.probabilities(encoded, len(TEXTS), batch_size=2)
    np.testing.assert_array_equal(again, answers.probabilities)
    assert answers.truncated == encoded.truncated == 1


def test_logits_are_those_that_probabilities_come_from(opened: Classifier) -> None:
    encoded = opened.encode(TEXTS)
    found = opened.probabilities(encoded, len(TEXTS), batch_size=4)
    for rows, feeds in encoded.batches(4):
        logits = opened.logits(feeds)
        assert logits.dtype == np.float32
        np.testing.assert_array_equal(softmax(logits), found[rows])


def test_it_knows_what_it_learned(opened: Classifier) -> None:
    table = made.texts(60, seed=77)
    found = opened.predict(table["text"].tolist()).probabilities.argmax(axis=1)
    right = [opened.labels[number] for number in found] == table["label"].to_numpy()
    assert np.mean(right) > 0.5  # a third by chance


@pytest.mark.parametrize("bundle", [made.fp32_bundle, made.int8_bundle])
def test_answers_do_not_depend_on_neighbours(
    checkpoint: Path, bundle: Callable[[Path], Path]
) -> None:
    opened = Classifier.open(bundle(checkpoint), of_bundle, threads=1)
    texts = [*TEXTS, *made.texts(40)["text"]]
    alone = opened.predict(texts, batch_size=1).probabilities
    for size in (2, 7, 64):
        found = opened.predict(texts, batch_size=size).probabilities
        np.testing.assert_allclose(found, alone, atol=1e-6)


@pytest.mark.parametrize("bundle", [made.fp32_bundle, made.int8_bundle])
def test_answers_do_not_depend_on_threads(checkpoint: Path, bundle: Callable[[Path], Path]) -> None:
    one, several = (
        Classifier.open(bundle(checkpoint), of_bundle, threads=threads) for threads in (1, 3)
    )
    texts = [*TEXTS, *made.texts(60)["text"]]
    expected = one.predict(texts, batch_size=4).probabilities
    np.testing.assert_array_equal(several.predict(texts, batch_size=4).probabilities, expected)


def test_rows_of_one_batch_are_shared_among_the_threads(checkpoint: Path) -> None:
    several = Classifier.open(made.built(checkpoint) / FILES.bundle, of_bundle, threads=3)
    taken: list[int] = []

    class Counted(Encoding):
        def batches(self, size: int, tokens: int | None = None) -> Iterator[tuple[list[int], Any]]:
            for rows, feeds in super().batches(size, tokens):
                taken.append(len(rows))
                yield rows, feeds

    for count, expected in ((1, [1]), (2, [1, 1]), (7, [3, 3, 1]), (96, [32, 32, 32])):
        taken.clear()
        several.probabilities(Counted([[101, 102]] * count, 0), count)
        assert taken == expected


def test_no_text_has_no_answer(opened: Classifier) -> None:
    assert opened.predict([]).probabilities.shape == (0, 3)
    assert opened.predict([]).truncated == 0


def test_embeddings_are_directions_in_the_order_of_the_texts(opened: Classifier) -> None:
    found = opened.embeddings(TEXTS, batch_size=2)
    width = opened.manifest.outputs[1].shape[-1]
    assert found.shape == (len(TEXTS), width)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    for place, text in enumerate(TEXTS):
        raw = opened.session.run(next(opened.encode([text]).batches(1))[1], "embedding")[0]
        np.testing.assert_allclose(found[place], raw / np.linalg.norm(raw), atol=1e-5)
    assert opened.embeddings([]).shape == (0, width)


def test_a_bundle_without_embeddings_still_predicts(tmp_path: Path) -> None:
    """As those that were made before there were any."""
    write_bundle(tmp_path / "words", {"great": (-1.0, 1.0)})
    older = Classifier.open(tmp_path / "words", of_bundle)
    assert older.predict(["great"]).probabilities.argmax() == 1
    with pytest.raises(BundleRefused, match="has no output embedding: it has logits") as refused:
        older.embeddings(["great"])
    assert refused.value.cure == "build it again: assay run words"


def test_progress_is_told_of_every_text(opened: Classifier) -> None:
    class Count:
        done = 0

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.done += steps

    count = Count()
    opened.predict(TEXTS, batch_size=4, progress=count)
    assert count.done == len(TEXTS)


def test_a_text_that_is_too_long_is_cut_and_counted(opened: Classifier) -> None:
    texts = ["short", "word " * 62, "word " * 63, "word " * 200_000]
    found = opened.encode(texts)
    assert isinstance(found, Encoding)
    assert [len(row) for row in found.ids] == [3, 64, 64, 64]
    assert found.truncated == 2
    assert opened.predict(texts).truncated == 2


def test_the_share_that_the_encoder_does_not_know_comes_with_the_answers(
    opened: Classifier,
) -> None:
    answers = opened.predict(["great 汉 film", "汉汉", "", "great 汉", "x " * 300])
    assert answers.unknown.tolist() == [1 / 3, 1, 0, 0.5, 0]
    assert answers.unreadable.tolist() == [False, True, False, True, False]
    assert opened.predict([]).unreadable.tolist() == []


def test_what_scores_below_the_threshold_is_out_of_scope(folder: Path) -> None:
    stated = manifest.read(folder)
    texts = ["great lovely film", "awful", "an ordinary table", "好"]
    scores = scope_scores(Classifier.open(folder, of_bundle).predict(texts).probabilities)
    assert len(set(scores.tolist())) == len(texts)
    # The lowest score but one: what scores as much as the threshold is in scope.
    lowest = float(np.sort(scores)[1])
    for threshold, expected in (
        (lowest, (scores < lowest).tolist()),
        (scores.max() + 1, [True] * 4),
        (None, [False] * 4),
    ):
        manifest.write(folder, stated.model_copy(update={"threshold": threshold}))
        answers = Classifier.open(folder, of_bundle).predict(texts)
        assert answers.threshold == threshold
        assert answers.out_of_scope.tolist() == expected
    assert sum((scores < lowest).tolist()) == 1
    assert Classifier.open(folder, of_bundle).predict([]).out_of_scope.tolist() == []


def test_the_scope_score_is_the_energy_of_logits_whose_mean_is_zero() -> None:
    logits = np.array([[3.0, -1.0, 0.5], [0.0, 0.0, 0.0], [40.0, 2.0, -7.0]])
    expected = np.log(np.exp(logits).sum(axis=1)) - logits.mean(axis=1)
    np.testing.assert_allclose(scope_scores(softmax(logits)), expected, rtol=1e-12)
    assert expected[1] == pytest.approx(np.log(3)), "the least of three classes"
    np.testing.assert_allclose(scope_scores(softmax(logits + 9)), expected, rtol=1e-12)


def test_of_two_classes_the_scope_score_ranks_as_the_greater_probability() -> None:
    first = np.array([0.5, 0.45, 0.7, 0.01, 1.0])
    pairs = np.stack([first, 1 - first], axis=1)
    ranked = np.argsort(scope_scores(pairs)).tolist()
    assert ranked == np.argsort(pairs.max(axis=1)).tolist() == [0, 1, 2, 3, 4]
    assert np.isfinite(scope_scores(pairs)).all(), "a probability of zero too"


def test_softmax_bears_large_logits() -> None:
    found = softmax(np.array([[1000.0, 1000.0], [-1000.0, 1000.0]], dtype=np.float32))
    assert found.tolist() == [[0.5, 0.5], [0.0, 1.0]]
