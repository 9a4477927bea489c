from __future__ import annotations

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.flows.conftest import clean, until

if TYPE_CHECKING:
    from tests.flows.conftest import Services

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
    assert [task["name"] for task in tasks] == ["ingest", "evaluate", "register"]
    assert {task["state_type"] for task in tasks} == {"COMPLETED"}
    assert services.ask(f"flow_runs/{run['id']}")["state"]["message"] == (
        "opinions is registered as version 1"
    )


def test_a_stages_output_is_its_tasks_log(services: Services, run: dict[str, Any]) -> None:
    ingest, evaluate, _ = services.tasks(run["id"])
    until(
        lambda: "opinions: accuracy 0.75" in services.logs(task_run_id={"any_": [evaluate["id"]]})
    )
    log = services.logs(task_run_id={"any_": [ingest["id"]]})
    assert any("2 rows" in line for line in log)
    assert not any("evaluating" in line for line in log)


def test_the_runs_page_shows_the_figures_and_leads_to_mlflow_and_data_docs(
    services: Services, run: dict[str, Any]
) -> None:
    found = services.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    shown = {artifact["key"]: artifact["data"] for artifact in found}
    assert "| accuracy | 0.7500 | 0.2500 to 1.0000 | 0.5000 |" in shown["opinions-metrics"]
    assert "| macro f1 | 0.5000 |  |  |" in shown["opinions-metrics"]
    assert "confusion" not in shown["opinions-metrics"]
    assert f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}" in shown["opinions-mlflow-run"]
    page = (services.folder / "reports/opinions/data_docs/index.html").as_uri()
    assert page in shown["opinions-data-docs"]


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
    (ingest,) = services.tasks(ended["id"])
    assert (ingest["name"], ingest["state_type"], ingest["run_count"]) == ("ingest", "FAILED", 1)
    for state in (ingest["state"], ended["state"]):
        assert "data/inbox/broken/rows.csv has no column 'text'" in state["message"]

    def log() -> str:
        return "\n".join(services.logs(task_run_id={"any_": [ingest["id"]]}))

    until(lambda: "Finished in state Failed" in log())  # lines arrive in batches
    assert "rows.csv has no column 'text'" in log()
    assert "Traceback" not in log()


def test_a_fault_is_tried_once_more_and_tells_the_last_words(services: Services) -> None:
    ended = services.ended(services.submit("any", model="crashing"))
    _, evaluate = services.tasks(ended["id"])
    assert (evaluate["state_type"], evaluate["run_count"]) == ("FAILED", 2)
    assert "ValueError: the loss is not a number" in evaluate["state"]["message"]
    assert "ValueError: the loss is not a number" in ended["state"]["message"]


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


def test_what_is_up_is_said_to_be_up_and_keeps_running(services: Services) -> None:
    before = {process for process, command in services.processes().items() if "start" in command}
    said = services.make("up")
    assert "already up" in said
    assert services.api.removesuffix("/api") in said
    assert before <= set(services.processes())


def test_everything_listens_on_the_loopback_alone(services: Services) -> None:
    listening = {
        connection.laddr
        for process in services.processes()
        for connection in psutil.Process(process).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {str(address.port) for address in listening} >= set(services.ports.values())


def test_prefects_own_folder_is_the_projects(services: Services) -> None:
    assert (services.folder / ".assay/prefect/prefect.db").is_file()
    told = services.run("prefect", "config", "view", "--show-sources")
    assert "PREFECT_API_URL='http://127.0.0.1:4200/api' (from prefect.toml)" in told.stdout
    assert "PREFECT_HOME='.assay/prefect' (from prefect.toml)" in told.stdout


def under_way(services: Services) -> str:
    """Start a retraining that stays in its stage; return its id."""
    (services.folder / "hold-opinions").touch()
    (services.folder / "opinions.pid").unlink(missing_ok=True)
    with (services.folder / "data/inbox/opinions/rows.csv").open("a") as rows:
        rows.write("new,good\n")
    run = services.submit("opinions")
    until((services.folder / "opinions.pid").exists)
    return run


def test_killed_in_the_middle_of_a_run_nothing_stays_and_the_next_up_repairs_all(
    services: Services,
) -> None:
    run = under_way(services)
    stage = int((services.folder / "opinions.pid").read_text())
    running = services.processes().items()
    doomed = [pid for pid, told in running if "versioning" not in told and pid != stage]
    # Held first, so that none lives long enough to report the death of another.
    for final in (signal.SIGSTOP, signal.SIGKILL):
        for process in doomed:
            os.kill(process, final)
    until(lambda: not services.processes())

    (services.folder / "hold-opinions").unlink()
    services.make("up")
    ghost = services.ask(f"flow_runs/{run}")
    assert (ghost["state_type"], ghost["state"]["message"]) == (
        "CRASHED",
        "the services were ended while it ran",
    )
    assert services.ended(services.submit("opinions"))["state_type"] == "COMPLETED"


def test_down_ends_everything_a_run_included(services: Services) -> None:
    under_way(services)
    services.make("down")
    assert services.processes() == {}
    for port in services.ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0
    assert not (services.folder / ".assay/services.pid").exists()
    (services.folder / "hold-opinions").unlink()


def test_ui_shows_mlflow_alone_until_ctrl_c(services: Services) -> None:
    page = subprocess.Popen(
        ["make", "ui"],
        cwd=services.folder,
        env={**clean(), **services.ports},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: answers(f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}/health"))
        assert not answers(f"{services.api}/health")
    finally:
        os.killpg(page.pid, signal.SIGINT)
        page.wait()
    until(lambda: not services.processes())


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - http on the loopback
            return bool(answer.status == 200)
    except OSError:
        return False
