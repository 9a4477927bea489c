from __future__ import annotations

import json
import urllib.error
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.schemas.objects import State, StateType, TaskRun

from assay import errors
from flows.retrain import is_transient, reproduce, retrain
from tests.services.project import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.project import Services


@contextmanager
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve a webhook on the loopback; yield its address and what it was sent."""
    messages: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", messages
        server.shutdown()


pytestmark = pytest.mark.xdist_group("prefect")  # one worker starts the servers


@pytest.fixture(scope="session")
def run(services: Services) -> dict[str, Any]:
    """The first retraining, asked for as the README says; the second one waits behind it."""
    asked = services.prefect("deployment", "run", "retrain/opinions", "--watch")
    assert asked.returncode == 0, asked.stdout
    (found,) = services.ask("flow_runs/filter", flow_runs={"name": {"any_": ["retrain opinions"]}})
    return dict(found)


def test_every_stage_is_a_task_of_its_name_in_order(
    services: Services, run: dict[str, Any]
) -> None:
    tasks = services.tasks(run["id"])
    names = ["decide", "ingest", "evaluate", "register", "gate"]
    assert [task["name"] for task in tasks] == names
    assert {task["state_type"] for task in tasks} == {"COMPLETED"}
    ended = services.ask(f"flow_runs/{run['id']}")["state"]
    # Nothing of this project is under a commit: the gate lets nothing through.
    assert ended["name"] == "Kept"
    assert "opinions: refused by the gate (no champion yet)" in ended["message"]
    assert "under no commit" in ended["message"]


def test_a_stages_output_is_its_tasks_log(services: Services, run: dict[str, Any]) -> None:
    _, ingest, evaluate, *_ = services.tasks(run["id"])
    until(
        lambda: "opinions: accuracy 0.75" in services.logs(task_run_id={"any_": [evaluate["id"]]})
    )
    log = services.logs(task_run_id={"any_": [ingest["id"]]})
    assert any("2 rows" in line for line in log)
    assert not any("evaluating" in line for line in log)


def test_the_runs_page_shows_the_metrics_and_leads_to_mlflow_and_data_docs(
    services: Services, run: dict[str, Any]
) -> None:
    found = services.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    shown = {artifact["key"]: artifact["data"] for artifact in found}
    assert "| accuracy | 0.7500 | 0.2500 to 1.0000 | 0.5000 |" in shown["opinions-metrics"]
    assert "| macro F1 | 0.5000 |  |  |" in shown["opinions-metrics"]
    assert "ROC-AUC" not in shown["opinions-metrics"]  # it has no value
    assert f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}" in shown["opinions-mlflow-run"]
    page = (services.folder / ".assay/data_docs/opinions/index.html").as_uri()
    assert page in shown["opinions-data-docs"]


def test_the_runs_page_and_the_ledger_show_the_decision_and_the_gates_rules(
    services: Services, run: dict[str, Any]
) -> None:
    found = services.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    shown = {artifact["key"]: artifact["data"] for artifact in found}
    assert "| new rows |" in shown["opinions-decision"]
    assert "| no champion yet |" in shown["opinions-decision"]
    assert "| **refused** | certificate |" in shown["opinions-gate"]
    assert "| ok | ONNX against torch |" in shown["opinions-gate"]
    lines = (services.folder / "releases/ledger.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"]["kind"] for line in lines]
    assert kinds[:2] == ["refusal", "tick"]
    assert json.loads(lines[1])["event"]["decision"]["train"] is True


def test_after_a_retraining_dvc_has_nothing_to_do(services: Services, run: dict[str, Any]) -> None:
    done = services.run("dvc", "status", "evaluate@opinions")
    assert "up to date" in done.stdout


def test_retrainings_of_a_model_never_overlap(services: Services, run: dict[str, Any]) -> None:
    deployed = services.ask("deployments/name/retrain/opinions")
    assert deployed["global_concurrency_limit"]["limit"] == 1
    assert deployed["concurrency_options"]["collision_strategy"] == "ENQUEUE"

    asked = [services.submit("opinions") for _ in range(2)]
    runs = sorted((services.ended(one) for one in asked), key=lambda one: str(one["start_time"]))
    assert [one["state_type"] for one in runs] == ["COMPLETED", "COMPLETED"]
    assert runs[0]["end_time"] <= runs[1]["start_time"]


def test_a_refusal_fails_the_task_with_its_own_words_and_is_not_repeated(
    services: Services,
) -> None:
    ended = services.ended(services.submit("any", model="broken"))
    _, ingest = services.tasks(ended["id"])
    assert (ingest["name"], ingest["state_type"], ingest["run_count"]) == ("ingest", "FAILED", 1)
    for state in (ingest["state"], ended["state"]):
        assert "data/inbox/broken/rows.csv has no column 'text'" in state["message"]

    def log() -> str:
        return "\n".join(services.logs(task_run_id={"any_": [ingest["id"]]}))

    until(lambda: "Finished in state Failed" in log())  # lines arrive in batches
    assert "rows.csv has no column 'text'" in log()
    assert "Traceback" not in log()


def test_a_refusal_is_told_to_a_webhook(services: Services) -> None:
    with told() as (url, messages):
        block = (
            "from prefect.blocks.notifications import CustomWebhookNotificationBlock as Hook; "
            f"Hook(name='team', url='{url}', json_data={{'text': '{{{{subject}}}}: {{{{body}}}}'}})"
            ".save('team', overwrite=True)"
        )
        made = services.run("python", "-c", block)
        assert made.returncode == 0, made.stdout
        services.ended(services.submit("any", model="broken"))
        until(lambda: bool(messages))
    assert messages[0]["text"].startswith("broken: failed: ")
    assert "rows.csv has no column 'text'" in messages[0]["text"]


def test_a_fault_is_tried_once_more_and_tells_the_last_words(services: Services) -> None:
    ended = services.ended(services.submit("any", model="crashing"))
    *_, evaluate = services.tasks(ended["id"])
    assert (evaluate["state_type"], evaluate["run_count"]) == ("FAILED", 2)
    assert "ValueError: the model crashes" in evaluate["state"]["message"]
    assert "ValueError: the model crashes" in ended["state"]["message"]


def test_what_would_fail_the_same_way_again_is_not_tried_again(services: Services) -> None:
    ended = services.ended(services.submit("any", model="diverging"))
    *_, evaluate = services.tasks(ended["id"])
    assert (evaluate["state_type"], evaluate["run_count"]) == ("FAILED", 1)
    assert "the loss became nan at step 1" in ended["state"]["message"]


@pytest.mark.parametrize(
    ("problem", "again"),
    [
        (errors.StageFailed("killed"), True),
        (errors.StoreFailed("no answer"), True),
        (ValueError("a fault"), True),
        (errors.Diverged("nan"), False),
        (errors.ParityFailed("apart"), False),
        (errors.Deterministic("the same"), False),
        (errors.OutOfSpace("full"), False),
        (errors.SettingsError("wrong"), False),
        (errors.DataRefused("unfit"), False),
        (errors.GateRefused("worse"), False),
        (TimeoutError("a day"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_may_go_better_is_tried_again(problem: Exception, again: bool) -> None:
    state = State[Any](type=StateType.FAILED, data=problem)
    run = TaskRun(task_key="evaluate", dynamic_key="0")
    assert is_transient(reproduce, run, state) is again


def test_a_wrong_setting_is_told_in_our_words_before_dvc_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "models:\n  mine: {data: text, task: classification, labels: [a, b], train: {epoch: 3}}\n"
    )
    state = retrain.fn("mine")
    assert state.is_failed()
    assert "unknown key `models.mine.train.epoch`" in str(state.message)
    assert "did you mean `epochs`?" in str(state.message)


def test_an_unknown_model_is_refused_with_the_valid_ones_before_any_stage(
    services: Services,
) -> None:
    ended = services.ended(services.submit("any", model="opinion"))
    assert ended["state_type"] == "FAILED"
    assert "did you mean 'opinions'" in ended["state"]["message"]
    assert services.tasks(ended["id"]) == []


@pytest.mark.parametrize("model", ["../opinions", "Opinions", "a; rm", "", 3])
def test_a_name_that_no_model_may_have_is_refused_at_submission(
    services: Services, model: object
) -> None:
    with pytest.raises(urllib.error.HTTPError, match=r"409|422"):
        services.submit("any", model=model)


def test_a_schedule_fires_by_itself(services: Services) -> None:
    deployed = services.ask("deployments/name/retrain/clock")["id"]

    def fired() -> bool:
        wanted = {"deployment_id": {"any_": [deployed]}, "state": {"type": {"any_": ["COMPLETED"]}}}
        found = services.ask("flow_runs/filter", flow_runs=wanted)
        return any(one["auto_scheduled"] for one in found)

    until(fired)
    assert (services.folder / "models/clock").is_dir()
    # Once is enough: the tests below share the one worker with it.
    services.prefect("deployment", "schedule", "clear", "retrain/clock", "--accept-yes")


def test_the_schedule_that_comes_with_it_is_paused_until_asked_for(services: Services) -> None:
    (schedule,) = services.ask("deployments/name/retrain/opinions")["schedules"]
    assert not schedule["active"]
    assert schedule["schedule"]["timezone"] == "UTC"
