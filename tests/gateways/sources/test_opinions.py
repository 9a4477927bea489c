from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused, UsageError
from assay.gateways import sources
from assay.gateways.fetching import MIRROR
from assay.gateways.sources import opinions as module
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@pytest.fixture(scope="module")
def opinions(opinions_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        patch.setenv(MIRROR, _mirror(tmp_path_factory.mktemp("mirror"), opinions_archive))
        return sources.texts("opinions")


def _mirror(folder: Path, archive: Path) -> str:
    (folder / "text").mkdir()
    (folder / "text" / module.ARCHIVE).symlink_to(archive)
    return str(folder)


def test_opinions_are_all_there(opinions: pd.DataFrame) -> None:
    assert len(opinions) == 23_703
    assert opinions["domain"].value_counts().to_dict() == {
        "films": 10_605,
        "news": 5_190,
        "tweets": 4_200,
        "products": 3_708,
    }
    targets = ["target_negative", "target_neutral", "target_positive"]
    assert list(opinions.columns) == ["text", "rating", "domain", "label", *targets]
    assert opinions[targets].sum(axis=1).sub(1).abs().max() < 1e-3
    # At the border another panel tosses a coin.
    assert opinions.loc[opinions["rating"].eq(0.5), "target_positive"].eq(0.5).all()
    assert opinions["text"].str.len().ge(1).all()


def test_labels_are_the_ratings_cut_at_half_a_point(opinions: pd.DataFrame) -> None:
    assert opinions["rating"].between(-4, 4).all()
    rated = {str(name): part for name, part in opinions.groupby("label")["rating"]}
    assert set(rated) == {"negative", "neutral", "positive"}
    assert rated["negative"].max() == -0.5
    assert rated["positive"].min() == 0.5
    assert rated["neutral"].between(-0.5, 0.5, inclusive="neither").all()
    shares = opinions["label"].value_counts(normalize=True).round(2)
    assert shares.to_dict() == {"positive": 0.43, "negative": 0.39, "neutral": 0.18}


def test_nothing_of_the_archive_runs(opinions_archive: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from assay.gateways import sources\n"
        "sys.addaudithook(lambda event, args: event == 'exec' and 'vader' in str(args[0]).lower()"
        " and sys.exit('ran a part of the archive'))\n"
        "before = set(sys.path)\n"
        "assert len(sources.texts('opinions')) == 23703\n"
        "assert set(sys.path) == before\n"
        "assert not [name for name in sys.modules if 'vader' in name.lower()]\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={MIRROR: _mirror(tmp_path, opinions_archive)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["text"], "nothing was written"


def test_a_mirror_with_other_bytes_is_refused(
    opinions_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").mkdir()
    content = bytearray(opinions_archive.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "text" / module.ARCHIVE).write_bytes(content)
    monkeypatch.setenv(MIRROR, str(tmp_path))
    with pytest.raises(SourceRefused, match="has SHA-256") as refused:
        sources.texts("opinions")
    assert refused.value.expected == module.SHA256
    assert "do not use it" in refused.value.cure


def test_a_digest_is_compared_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text").mkdir()
    with zipfile.ZipFile(tmp_path / "text" / module.ARCHIVE, "w") as archive:
        archive.writestr(module.INNER, b"another file")
    monkeypatch.setenv(MIRROR, str(tmp_path))
    with pytest.raises(SourceRefused, match="has SHA-256"):
        sources.texts("opinions")


def test_a_mirror_that_lacks_it_falls_back_on_what_was_fetched(
    opinions_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MIRROR, str(tmp_path / "empty"))
    DOWNLOADS.mkdir(parents=True)
    (DOWNLOADS / module.ARCHIVE).symlink_to(opinions_archive)
    assert len(module.opinions()) == 23_703


def test_an_index_that_cannot_be_reached_is_said_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(SourceRefused, match=r"pip could not fetch vaderSentiment==0\.5") as refused:
        sources.texts("opinions")
    assert "No matching distribution" in refused.value.found
    assert module.SHA256 in refused.value.expected
    assert f"put the file into {DOWNLOADS}/" in refused.value.cure
    assert list(DOWNLOADS.iterdir()) == [], "nothing half-fetched stays"


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no source 'opinion'") as refused:
        sources.texts("opinion")
    assert "one of opinions" in refused.value.expected
