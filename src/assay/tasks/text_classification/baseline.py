"""What a text classifier must beat: logistic regression, on TF-IDF and on the frozen encoder.

Reads the checkpoint, and the pretrained one that it started from. Writes nothing. Deterministic, as
``assay.objectives.classification.logistic`` is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from assay.modalities.text.encoding import TextEncoder
from assay.modalities.text.language import UNSPACED
from assay.objectives.classification.baselines import Baseline, divided
from assay.objectives.classification.logistic import logistic
from assay.tasks.text_classification import checkpoint, frozen, inference, network
from assay.tasks.text_classification.start import Start

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from assay.objectives.classification.metrics import Floats
    from assay.paths import ModelPaths
    from assay.tasks.text_classification.settings import TextClassificationModel

TF_IDF = "TF-IDF and logistic regression"
FROZEN = "frozen encoder and logistic regression"
_UNSPACED = re.compile(UNSPACED)
UNSPACED_SHARE = 0.3
# Words of one letter count, and so does each mark: ":)" and "!" speak in opinions.
TOKEN = r"\w+|[^\w\s]"  # noqa: S105 (a pattern, no password)
# scikit-learn's inverse strength. Of 1, 3 and 10 the best macro F1 on the validation rows of
# `opinions`: a baseline that is not tuned at all would flatter the model.
REGULARISATION = 10.0
# The solver remembers 20 vectors of this many numbers: half a GiB.
COEFFICIENTS = 3_000_000


def tf_idf(
    train: pd.DataFrame,
    validation: Sequence[str],
    test: Sequence[str],
    labels: Sequence[str],
    seed: int,
) -> Baseline:
    """Fit TF-IDF and logistic regression on ``train``; answer for the texts of both other splits.

    Words and pairs of words; one to three characters where words have no spaces between them.
    ``train`` has the columns ``text, label``; a class that it lacks gets zeros.

    Raises:
        ValueError: ``train`` is empty, or none of its texts holds a letter or a mark.

    """
    texts, names = (train[name].astype(str).tolist() for name in ("text", "label"))
    terms = vectorizer(texts, len(set(names)))
    features = terms.fit_transform(texts)
    asked = terms.transform([*validation, *test])
    found = logistic(features, names, asked, labels, seed, strength=REGULARISATION)
    return divided(TF_IDF, found, len(validation))


def frozen_encoder(
    settings: TextClassificationModel, files: ModelPaths, test: Sequence[str]
) -> Baseline | None:
    """Return what the linear probe on the pretrained encoder answers.

    It was fitted with the training, which leaves its answers to the validation split. None where
    the trained model is that very probe, or started from random weights.
    """
    if settings.train.checkpoint is None:
        return None
    probe = frozen.read(files.checkpoint / frozen.FILE)
    head = checkpoint.weight(files.checkpoint, network.HEAD)
    if probe is None or torch.equal(head, probe.weight):
        return None
    torch.set_num_threads(settings.evaluate.threads)
    start = Start.of_trained(settings, files.checkpoint)
    encode = TextEncoder(start.tokenizer, settings.train.max_length, settings.train.tail)
    asked = probe.logits(inference.features(start.network(settings), encode(test)))
    return Baseline(FROZEN, _probabilities(probe.validation), _probabilities(asked))


def _probabilities(logits: torch.Tensor) -> Floats:
    found: Floats = torch.softmax(logits.double(), dim=1).numpy()
    return found


def vectorizer(train: Sequence[str], classes: int) -> TfidfVectorizer:
    """Return the unfitted TF-IDF that suits the script of ``train``."""
    limit = max(10_000, COEFFICIENTS // classes)
    if is_unspaced(train):
        return TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=limit
        )
    return TfidfVectorizer(
        token_pattern=TOKEN, ngram_range=(1, 2), sublinear_tf=True, max_features=limit
    )


def is_unspaced(texts: Sequence[str]) -> bool:
    """Tell whether most of what is written has no spaces between words.

    By share of letters, not of texts: a few long English rows don't make a Chinese table English.
    """
    letters = unspaced = 0
    for text in texts:
        letters += sum(map(str.isalpha, text))
        unspaced += len(_UNSPACED.findall(text))
    return unspaced > UNSPACED_SHARE * letters
