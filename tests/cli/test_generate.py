from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay

if TYPE_CHECKING:
    from pathlib import Path

FILES = ModelPaths(made.MODEL)
LONG = "coffee river menu hotel music garden bread camera "
CONTEXT = 48
generator = pytest.mark.usefixtures("built_generator")


def _generate(*words: str) -> Answer:
    answer = assay("generate", made.MODEL, *words)
    assert answer.code == 0, answer.err
    return answer


def _asked(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_generate(*words, "--json").out)
    return found


def _texts(*words: str) -> list[str]:
    return [one["text"] for one in _asked(*words)["texts"]]


@generator
def test_a_text_stands_on_stdout_behind_its_prompt() -> None:
    answer = _generate("coffee ")
    assert answer.out.startswith("coffee ")
    assert answer.out.endswith("\n")
    assert len(answer.out) > len("coffee \n")
    assert "from the workspace (no version has been promoted yet)" in answer.err
    assert "on CPUExecutionProvider" in answer.err
    assert len(answer.err.splitlines()) == 1, "nothing was cut, nothing is unknown"


@generator
def test_a_program_gets_one_json_object() -> None:
    found = _asked("coffee ", "--count", "2")
    assert {key: found[key] for key in ("model", "source", "version")} == {
        "model": made.MODEL,
        "source": "workspace",
        "version": None,
    }
    assert len(found["texts"]) == 2
    for one in found["texts"]:
        assert one["prompt"] == "coffee "
        assert one["ending"] in ("stop", "length")
        assert one["tokens"] == len(one["text"]) <= 200
        assert one["cut_tokens"] == 0


@generator
def test_people_and_programs_get_the_same_texts() -> None:
    words = ("coffee ", "--count", "3", "--seed", "9")
    texts = _texts(*words)
    assert _generate(*words).out == "\n---\n".join(f"coffee {text}\n" for text in texts)
    assert len(set(texts)) == 3
    assert _texts("coffee ", "--seed", "9") == texts[:1]


@generator
def test_a_seed_decides() -> None:
    one = _generate("coffee ", "--seed", "3").out
    assert _generate("coffee ", "--seed", "3").out == one
    assert _generate("coffee ", "--seed", "4").out != one
    assert _generate("coffee ").out == _generate("coffee ", "--seed", "0").out


@generator
def test_without_a_prompt_it_begins_a_text_of_its_own() -> None:
    (found,) = _asked("--seed", "2")["texts"]
    assert found["prompt"] == ""
    assert found["text"]
    assert _generate("--seed", "2").out == found["text"] + "\n"


@generator
def test_without_chance_every_seed_writes_the_same() -> None:
    texts = {_texts("coffee ", "--temperature", "0", "--seed", str(seed))[0] for seed in range(3)}
    assert len(texts) == 1
    assert _texts("coffee ", "--top-k", "1") == list(texts)
    assert _texts("coffee ", "--top-p", "0.0001") == list(texts)
    assert _texts("coffee ") != list(texts)


@generator
def test_a_penalty_keeps_letters_from_coming_again() -> None:
    words = ("coffee ", "--temperature", "0", "--max-tokens", "30")
    plain, varied = _texts(*words), _texts(*words, "--repetition-penalty", "9")
    assert len(set(varied[0])) > len(set(plain[0]))


@generator
def test_a_text_ends_before_each_of_what_stops_it() -> None:
    words = ("coffee ", "--temperature", "0", "--max-tokens", "30")
    whole = _texts(*words)[0]
    one, other = whole[9:12], whole[4:7]
    (found,) = _asked(*words, "--stop", one, "--stop", other)["texts"]
    assert found["text"] == whole[: min(whole.index(one), whole.index(other))]
    assert found["ending"] == "stop"
    assert _generate(*words, "--stop", other).out == f"coffee {found['text']}\n"


@generator
def test_every_line_of_a_file_is_a_prompt(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    # With the mark that some editors put first, and with lines of Windows.
    file.write_bytes("\ufeffcoffee \r\n\r\nmenu hotel\r\n".encode())
    found = _asked("--file", str(file), "--count", "2")["texts"]
    assert [one["prompt"] for one in found] == ["coffee ", "coffee ", "menu hotel", "menu hotel"]
    assert len({one["text"] for one in found}) == 4
    assert [one["text"] for one in found[:2]] == _texts("coffee ", "--count", "2")
    answer = _generate("--file", str(file))
    assert answer.out.split("\n---\n")[1].startswith("menu hotel")
    assert "not known" not in answer.err


@generator
def test_a_prompt_that_is_longer_than_the_context_loses_its_beginning_and_that_is_said() -> None:
    answer = _generate(LONG, "--temperature", "0")
    cut = len(LONG) - CONTEXT
    assert f"the prompt is longer than the context: its first {cut} tokens were cut" in answer.err
    assert answer.out.startswith(LONG)
    (found,) = _asked(LONG, "--temperature", "0")["texts"]
    assert found["cut_tokens"] == cut
    assert [found["text"]] == _texts(LONG[cut:], "--temperature", "0")


@generator
def test_a_text_may_be_longer_than_the_context() -> None:
    words = ("coffee ", "--temperature", "0", "--repetition-penalty", "1.5")
    (found,) = _asked(*words, "--max-tokens", "120")["texts"]
    (begun,) = _asked(*words, "--max-tokens", "30")["texts"]
    assert found["text"].startswith(begun["text"])
    assert len(found["text"]) > CONTEXT or found["ending"] == "stop"


@generator
def test_characters_that_the_model_does_not_know_are_counted() -> None:
    answer = _generate("汉 coffee Ж")
    assert "2 tokens of the prompt are not known to the model" in answer.err
    assert answer.out.startswith("汉 coffee Ж")


@generator
def test_what_a_terminal_would_obey_is_shown() -> None:
    out = _generate("\x1b[31mcoffee").out
    assert out.startswith("\\x1b[31mcoffee")
    assert "\x1b" not in out
    answer = assay("generate", made.MODEL, "\x1b[31mcoffee", "--json")
    assert "\x1b" not in answer.out
    assert json.loads(answer.out)["texts"][0]["prompt"] == "\x1b[31mcoffee"


@generator
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("coffee", "--temperature", "-1"), "temperature is -1.0"),
        (("coffee", "--temperature", "nan"), "temperature is nan"),
        (("coffee", "--top-p", "0"), "top_p is 0.0"),
        (("coffee", "--top-k", "0"), "top_k is 0"),
        (("coffee", "--repetition-penalty", "0"), "repetition_penalty is 0.0"),
        (("coffee", "--seed", "-1"), "seed is -1"),
        (("coffee", "--max-tokens", "0"), "0 tokens can't be generated"),
        (("coffee", "--file", "x.txt"), "both a prompt and --file were given"),
        (("--file", "nowhere.txt"), "nowhere.txt can't be read"),
        (("caf\udce9",), "the prompt is no text in UTF-8"),
    ],
)
def test_wrong_usage_is_answered(words: tuple[str, ...], found: str) -> None:
    answer = assay("generate", made.MODEL, *words)
    assert answer.code == 2
    assert found in answer.err
    assert "expected:" in answer.err
    assert answer.out == ""
    refusal = json.loads(assay("generate", made.MODEL, *words, "--json").out)
    assert found in refusal["found"]
    assert refusal["exit_code"] == 2


@generator
@pytest.mark.parametrize("words", [("--count", "0"), ("--count", "many"), ("--seed", "x")])
def test_numbers_that_are_none_are_refused(words: tuple[str, ...]) -> None:
    answer = assay("generate", made.MODEL, "coffee", *words)
    assert answer.code == 2
    assert words[0] in answer.err


@generator
@pytest.mark.parametrize(
    ("content", "found"), [(b"\n \n", "holds no prompt"), (b"caf\xe9\n", "can't be read")]
)
def test_a_file_without_a_prompt_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes(content)
    answer = assay("generate", made.MODEL, "--file", str(file))
    assert answer.code == 2
    assert found in answer.err


@pytest.mark.usefixtures("built_texts")
def test_a_classifier_is_refused_with_the_command_that_asks_it() -> None:
    answer = assay("generate", made.MODEL, "coffee")
    assert answer.code == 2
    assert f"{made.MODEL} generates nothing: it is a model of text-classification" in answer.err
    assert f"assay predict {made.MODEL}" in answer.err


@generator
def test_predict_refuses_a_language_model_with_the_command_that_asks_it() -> None:
    answer = assay("predict", made.MODEL, "coffee")
    assert answer.code == 2
    assert "predicts no label" in answer.err
    assert f"assay generate {made.MODEL}" in answer.err


@generator
def test_a_model_that_is_not_known_is_refused() -> None:
    answer = assay("generate", "nosuch", "coffee")
    assert answer.code == 2
    assert f"one of {made.MODEL}" in answer.err


def test_a_model_that_was_not_built_says_how(
    built_generator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(built_generator / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    answer = assay("generate", made.MODEL, "coffee")
    assert answer.code == 2
    assert f"{made.MODEL} has not been built" in answer.err
    assert f"assay run {made.MODEL}, or dvc pull" in answer.err


def test_an_altered_bundle_writes_nothing(
    built_generator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(built_generator / name, tmp_path / name)
    shutil.copytree(built_generator / FILES.bundle, tmp_path / FILES.bundle)
    monkeypatch.chdir(tmp_path)
    tokenizer = FILES.bundle / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8").replace('"a"', '"b"', 1))
    answer = assay("generate", made.MODEL, "coffee")
    assert answer.code == 3
    assert "tokenizer.json" in answer.err
    assert answer.out == ""
