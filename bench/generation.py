"""Decoding: the bundle of a language model beside transformers' ``generate()``, tokens a second.

Reads the workspace's bundle, checkpoint and test split of `shakespeare`. Writes a temporary folder
alone. All read the same weights; greedy decoding, one text at a time, so that each writes the same
text. llama.cpp, where it can be built here, runs in an environment of its own.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from assay.bundle.generator import Generator
from assay.bundle.language_model import LanguageModel
from assay.bundle.manifest import read
from assay.bundle.sampling import Sampling
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.tasks.text_generation import checkpoint, graph
from bench import llama_cpp, project, tables
from bench.llama import as_llama
from bench.measure import Spread, facts, in_turns, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.tasks.text_generation.network import Decoder
    from bench.llama_cpp import Decode

MODEL = "shakespeare"
THREADS = 2
PROMPT_TOKENS = 32
BUNDLE, FULL, PEER = "bundle", "bundle in fp32", "transformers generate()"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    prompts: int
    tokens: int
    rounds: int


WHOLE, QUICK = Size(prompts=8, tokens=128, rounds=5), Size(prompts=2, tokens=16, rounds=1)


@dataclass(frozen=True)
class Written:
    """What one contender wrote in a round, and how long it took."""

    texts: list[list[int]]
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens a second, the reading of prompts among it."""
        return sum(map(len, self.texts)) / self.seconds


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the workspace was not built.
        BundleRefused: the bundle's bytes were altered.

    """
    size = QUICK if quick else WHOLE
    files = ModelPaths(MODEL)
    project.workspace(files.split("test"), files.checkpoint, files.bundle, model=MODEL)
    torch.set_num_threads(THREADS)
    prompts = _prompts(files, size)
    model = checkpoint.read(files.checkpoint)
    peer = as_llama(model)
    decoders = _decoders(files, size, model, peer)
    with llama_cpp.decoders(peer, size.tokens, THREADS) as others:
        decoders |= others
        for decode in decoders.values():
            decode(prompts[0])
        contenders = {name: _round(decode, prompts) for name, decode in decoders.items()}
        found = in_turns(contenders, size.rounds, "decoding")
    return "\n\n".join(
        [
            f"**Decoding.** `{MODEL}`: {len(prompts)} prompts of {PROMPT_TOKENS} tokens, "
            f"{size.tokens} tokens behind each, greedy, one text at a time, {THREADS} threads. The "
            f"bundle is {read(files.bundle).precision}; transformers runs the same weights as a "
            "Llama in fp32, with its cache, and so does llama.cpp "
            f"({llama_cpp.VERSION} of its Python package, built here), in fp32 and in its own int8 "
            "(Q8_0). Equal tokens are counted against transformers.",
            facts(f"{size.rounds} rounds, in turns"),
            _table(found),
        ]
    )


def _prompts(files: ModelPaths, size: Size) -> list[list[int]]:
    texts = project.spread_out(pd.read_parquet(files.split("test")), size.prompts)["text"].tolist()
    return [ids[:PROMPT_TOKENS] for ids in codec.read(files.bundle).encode(texts)]


def _decoders(files: ModelPaths, size: Size, model: Decoder, peer: Any) -> dict[str, Decode]:
    served = LanguageModel.open(files.bundle, codec.read, threads=THREADS).generator
    session = Session(gateway.serialize(graph.graph(model), {}), 1, intra_op_threads=THREADS)
    plain = Generator(session, model.sizes.context)

    # Neither start nor stop: all contenders read and write the same number of tokens.
    bare = Generator(served.session, served.context)

    def by(generator: Generator) -> Decode:
        def decode(prompt: Sequence[int]) -> list[int]:
            (one,) = generator.generate([prompt], size.tokens, Sampling(temperature=0))
            return list(one.ids)

        return decode

    def by_peer(prompt: Sequence[int]) -> list[int]:
        ids = torch.tensor([list(prompt)])
        with torch.inference_mode():
            found: Any = peer.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=size.tokens,
                do_sample=False,
            )
        own: list[int] = found[0, len(prompt) :].tolist()
        return own

    return {BUNDLE: by(bare), FULL: by(plain), PEER: by_peer}


def _round(decode: Decode, prompts: Sequence[Sequence[int]]) -> Callable[[], Written]:
    def run() -> Written:
        begin = time.perf_counter()
        texts = [decode(prompt) for prompt in prompts]
        return Written(texts, time.perf_counter() - begin)

    return run


def _table(found: dict[str, list[Written]]) -> str:
    expected = found[PEER][0].texts
    rates = {name: [one.rate for one in rounds] for name, rounds in found.items()}
    rows = [
        (
            name,
            str(Spread.of(rates[name])),
            f"{statistics.median(ratios(rates[name], rates[PEER])):.1f}",
            _equal(rounds[0].texts, expected),
        )
        for name, rounds in found.items()
    ]
    return tables.markdown(("", "tokens/s", "times transformers", "equal tokens"), rows)


def _equal(texts: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> str:
    pairs = [
        (one, other)
        for text, own in zip(texts, expected, strict=True)
        for one, other in zip(text, own, strict=True)
    ]
    return f"{sum(one == other for one, other in pairs) / len(pairs):.1%}"
