from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from assay.errors import InputRefused, SettingsError, SourceRefused
from assay.gateways import versioning
from assay.gateways.versioning.lockfile import md5_of
from tests.gateways.versioning.made import commit_all
from tests.gateways.versioning.test_content import rot

INBOX = Path("data/inbox/tiny")
ROWS = INBOX / "rows.csv"
MORE = INBOX / "more.csv"
HEAD = "text,label\n"


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout


def dvc(*words: str) -> str:
    command = [sys.executable, "-m", "dvc", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(target: str = "ingest@tiny", *, single: bool = False) -> list[str]:
    lines: list[str] = []
    versioning.reproduce(target, single=single, on_line=lines.append)
    return lines


def contents() -> dict[str, bytes]:
    """Return every file of the inbox that a stage would read."""
    files = (path for path in INBOX.rglob("*") if path.is_file())
    kept = (path for path in files if path.suffix != ".dvc" and not path.name.startswith("."))
    return {path.relative_to(INBOX).as_posix(): path.read_bytes() for path in kept}


def cached(digest: str) -> Path:
    return Path(".dvc/cache/files/md5") / digest[:2] / digest[2:]


@pytest.fixture
def images(project: Path) -> Path:
    """Make ``tiny`` a model of images; return the folder of them in its inbox."""
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("data: text", "data: image", 1))
    ROWS.unlink()
    folder = INBOX / "pictures"
    for name in ("good/1.png", "good/2.png", "bad/1.png"):
        draw(folder / name, len(name) + int(name[-5]))
    return folder


def draw(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), shade).save(path)


def test_a_dropped_file_is_versioned_and_git_sees_its_pointer_alone(project: Path) -> None:
    run()
    commit_all()
    MORE.write_text(HEAD + "confidential,good\n")
    assert versioning.inbox_untracked("tiny") == [MORE.as_posix()]
    lines = run()

    assert f"{MORE}: versioned by DVC; for git: git add {INBOX}" in lines
    assert versioning.inbox_untracked("tiny") == []
    assert versioning.inbox_entries("tiny") == {
        path.as_posix(): md5_of(path) for path in (MORE, ROWS)
    }
    assert cached(md5_of(MORE)).read_bytes() == MORE.read_bytes()
    git("add", "--all")
    changed = git("diff", "--cached", "--name-only").split()
    assert changed == ["data/inbox/tiny/.gitignore", f"{MORE}.dvc", "dvc.lock"]
    assert "confidential" not in git("diff", "--cached")


def test_afterwards_nothing_is_stale(project: Path) -> None:
    run("train@tiny")
    before = Path("dvc.lock").read_bytes()
    assert "up to date" in dvc("status", "--with-deps", "train@tiny")
    lines = run("train@tiny")
    assert not [line for line in lines if line.startswith("Running stage")]
    assert Path("dvc.lock").read_bytes() == before
    assert "up to date" in dvc("repro", "train@tiny")


def test_a_changed_file_gets_a_new_version_and_the_old_one_is_kept(project: Path) -> None:
    run()
    old, before = md5_of(ROWS), ROWS.stat()
    ROWS.write_bytes(ROWS.read_bytes().replace(b"fine", b"fire"))
    os.utime(ROWS, ns=(before.st_atime_ns, before.st_mtime_ns))  # as DVC knows it
    run(single=True)

    assert versioning.inbox_entries("tiny") == {ROWS.as_posix(): md5_of(ROWS)} != {str(ROWS): old}
    assert cached(old).is_file()
    assert cached(md5_of(ROWS)).is_file()


def test_a_stage_that_does_not_read_the_inbox_leaves_it_alone(project: Path) -> None:
    run()
    MORE.write_text(HEAD + "nice,good\n")
    run("train@tiny", single=True)
    assert versioning.inbox_untracked("tiny") == [MORE.as_posix()]
    assert versioning.inbox_entries("tiny-two") == {}
    run("train@tiny")
    assert versioning.inbox_untracked("tiny") == []


def test_three_generations_come_back_with_their_commits(project: Path) -> None:
    run("train@tiny-two")  # `dvc checkout` fails at what was never built
    generations = []
    for number in range(3):
        (INBOX / f"week {number}.csv").write_text(f"{HEAD}week {number},good\n")
        ROWS.write_text(f"{HEAD}fine {number},good\npoor,bad\n")
        if number == 2:
            Path(INBOX / "week 1.csv").unlink()
            Path(INBOX / "week 1.csv.dvc").unlink()
        run("train@tiny")
        commit_all()
        generations.append((git("rev-parse", "HEAD").strip(), contents(), md5_of(Path("models"))))

    assert [len(files) for _, files, _ in generations] == [2, 3, 3]
    for commit, files, models in (generations[0], generations[1], generations[2]):
        git("checkout", "--quiet", commit)
        dvc("checkout")
        assert contents() == files
        assert md5_of(Path("models")) == models
        assert "up to date" in dvc("status", "--with-deps", "train@tiny")
        assert not [line for line in run("train@tiny") if line.startswith("Running stage")]
        assert git("status", "--porcelain") == ""


def test_a_missing_file_comes_back_and_it_is_said_how_to_drop_its_rows(project: Path) -> None:
    MORE.write_text(HEAD + "nice,good\n")
    run()
    before = contents()
    MORE.unlink()
    (line,) = (line for line in run() if line.startswith("missing, and restored"))
    assert str(MORE) in line
    assert "to drop its rows, remove file and pointer" in line
    assert contents() == before

    MORE.unlink()
    Path(f"{MORE}.dvc").unlink()
    run()
    assert list(contents()) == [ROWS.name]


@pytest.mark.parametrize("harm", ["gone", "rotten"])
def test_a_missing_object_comes_from_the_remote_or_is_refused_with_the_cure(
    project: Path, tmp_path: Path, harm: str
) -> None:
    run()
    sound = ROWS.read_bytes()
    lost = cached(md5_of(ROWS))
    ROWS.unlink()
    far = tmp_path / "far" / lost.relative_to(".dvc/cache")
    far.parent.mkdir(parents=True)
    shutil.copyfile(lost, far)
    lost.unlink() if harm == "gone" else rot(lost)
    with pytest.raises(InputRefused, match=r"rows\.csv is missing") as refused:
        run()
    assert lost.name in refused.value.found
    assert "dvc pull" in refused.value.cure
    assert f"git rm {ROWS}.dvc" in refused.value.cure
    assert not ROWS.exists()

    dvc("remote", "add", "--default", "far", str(tmp_path / "far"))
    run()
    assert ROWS.read_bytes() == sound


def test_a_remote_that_cannot_be_reached_is_refused_in_the_same_words(
    project: Path, tmp_path: Path
) -> None:
    run()
    cached(md5_of(ROWS)).unlink()
    ROWS.unlink()
    dvc("remote", "add", "--default", "far", str(tmp_path / "nowhere"))
    with pytest.raises(InputRefused, match=r"rows\.csv is missing"):
        run()


def test_a_folder_of_images_is_one_version(images: Path) -> None:
    run()
    old = contents()
    digest = versioning.inbox_entries("tiny")[images.as_posix()]
    assert digest == md5_of(images)
    assert digest.endswith(".dir")
    assert not list(images.rglob("*.dvc"))
    commit_all()

    draw(images / "bad/2.png", 200)
    run()
    assert versioning.inbox_entries("tiny")[images.as_posix()] == md5_of(images) != digest
    git("checkout", "--quiet", "HEAD", "--", str(INBOX))
    dvc("checkout", "--force", f"{images}.dvc")
    assert contents() == old

    shutil.rmtree(images)
    run()
    assert contents() == old


def test_a_folder_of_which_one_file_is_in_no_cache_is_refused(images: Path) -> None:
    run()
    cached(md5_of(images / "good/2.png")).unlink()
    shutil.rmtree(images)
    with pytest.raises(InputRefused, match="pictures is missing"):
        run()


# What a process starts, as the interpreter reports it: the words behind DVC's module.
STARTED = """\
import sys
started = []
def note(event, arguments):
    if event == "subprocess.Popen" and "assay.gateways.versioning.child" in arguments[1]:
        started.append(arguments[1][4:])
sys.addaudithook(note)
from assay.gateways import versioning
versioning.reproduce("ingest@tiny", on_line=lambda _: None)
print(started, "dvc" in sys.modules)
"""


def started() -> str:
    command = [sys.executable, "-c", STARTED]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_dvc_is_started_once_for_all_that_is_new_and_not_at_all_for_nothing(project: Path) -> None:
    MORE.write_text(HEAD + "nice,good\n")
    repro = ["repro", "ingest@tiny"]
    assert started() == f"{[['add', str(MORE), str(ROWS)], repro]} False"
    assert started() == f"{[repro]} False"


def test_what_git_holds_itself_is_left_to_git(project: Path) -> None:
    commit_all()
    MORE.write_text(HEAD + "nice,good\n")
    run()
    assert list(versioning.inbox_entries("tiny")) == [MORE.as_posix()]
    assert versioning.inbox_untracked("tiny") == []


def test_hidden_files_are_not_versioned(project: Path) -> None:
    (INBOX / ".gitkeep").touch()
    (INBOX / ".rows.csv.partial").write_text("half")
    run()
    assert list(versioning.inbox_entries("tiny")) == [ROWS.as_posix()]


def test_a_link_stays_a_link_and_what_it_leads_to_is_versioned(
    project: Path, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    for text in ("first", "second"):
        feed.write_text(f"{HEAD}{text},good\n")
        if text == "first":
            MORE.symlink_to(feed)
        run()
        assert MORE.is_symlink()
        assert versioning.inbox_entries("tiny")[MORE.as_posix()] == md5_of(feed)
        assert cached(md5_of(feed)).read_bytes() == feed.read_bytes()


@pytest.mark.parametrize("place", ["more", "more/sub"])
def test_a_link_to_a_folder_is_named_as_not_versioned(
    project: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far/rows.csv").write_text(HEAD + "nice,good\n")
    (INBOX / place).parent.mkdir(exist_ok=True)
    (INBOX / place).symlink_to(tmp_path / "far")
    lines = run()
    assert [line for line in lines if line.startswith(f"{INBOX / 'more'} is or holds a link")]
    assert versioning.inbox_untracked("tiny") == [f"{INBOX}/more"]
    assert list(versioning.inbox_entries("tiny")) == [ROWS.as_posix()]


@pytest.mark.parametrize("torn", ["<<<<<<< HEAD\nouts:\n", "outs: rows.csv\n", "deps: []\n"])
def test_a_torn_pointer_is_named(project: Path, torn: str) -> None:
    run()
    Path(f"{ROWS}.dvc").write_text(torn)
    with pytest.raises(SettingsError, match=r"rows\.csv\.dvc") as refused:
        run()
    assert "git checkout" in refused.value.cure


def test_an_empty_pointer_of_a_killed_run_is_written_anew(project: Path) -> None:
    Path(f"{ROWS}.dvc").touch()
    run()
    assert versioning.inbox_entries("tiny") == {ROWS.as_posix(): md5_of(ROWS)}


def test_a_name_without_room_for_dvcs_ending_is_refused(project: Path) -> None:
    (INBOX / ("r" * 248 + ".csv")).write_text(HEAD)
    with pytest.raises(SourceRefused, match="too long"):
        run()


def test_a_target_without_a_model_versions_no_inbox(project: Path) -> None:
    assert versioning.inbox_untracked("") == []
    assert versioning.inbox_entries("nobody") == {}
