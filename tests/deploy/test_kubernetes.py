"""The manifests: by the schemas of Kubernetes, probed, bounded, confined, and about each other.

KServe's own schema is in no package: what it adds is compared with what its source says, and the
rest, which is the specification of a pod, with the schema of Kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from assay.serving.access.authorization import HEALTH
from tests.deploy.found import DEPLOY, checked, documents, last, start_command

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = DEPLOY / "kubernetes"
MANIFESTS = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "kustomization.yaml"})
KSERVE = DEPLOY / "kserve/inferenceservice.yaml"
# Of serving.kserve.io/v1beta1 PredictorSpec, beside the fields of a pod's specification.
EXTENSION = {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "timeout"}


def _one(name: str) -> dict[str, Any]:
    (found,) = documents(FOLDER / f"{name}.yaml")
    return found


PREDICTOR: dict[str, Any] = documents(KSERVE)[0]["spec"]["predictor"]
POD: dict[str, Any] = _one("deployment")["spec"]["template"]["spec"]
PODS = {"kubernetes": POD, "kserve": PREDICTOR}


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_the_schema_of_kubernetes_holds(file: Path) -> None:
    checked("kubernetes-validate", "--strict", file)


def test_kserves_predictor_is_a_pod_with_kserves_own_fields(tmp_path: Path) -> None:
    (content,) = documents(KSERVE)
    assert (content["apiVersion"], content["kind"]) == (
        "serving.kserve.io/v1beta1",
        "InferenceService",
    )
    assert PREDICTOR.keys() > EXTENSION
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "predictor"},
        "spec": {key: value for key, value in PREDICTOR.items() if key not in EXTENSION},
    }
    YAML(typ="safe").dump(pod, tmp_path / "pod.yaml")
    checked("kubernetes-validate", "--strict", tmp_path / "pod.yaml")


def test_kserve_is_told_the_protocol_and_the_port() -> None:
    (container,) = PREDICTOR["containers"]
    assert container["name"] == "kserve-container"
    assert {"name": "PROTOCOL", "value": "v2"} in container["env"]
    assert [port["containerPort"] for port in container["ports"]] == [8800]
    assert container["args"][0].endswith(" ".join(["exec", *start_command()]))


def test_the_pod_starts_as_the_image_does() -> None:
    (container,) = POD["containers"]
    assert ["assay", *container["args"]] == start_command()


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_a_pod_is_confined_to_a_user_without_rights(pod: dict[str, Any]) -> None:
    user, group = map(int, last(DEPLOY / "Dockerfile", "USER").value.split(":"))
    whole = pod["securityContext"]
    assert whole["runAsNonRoot"] and whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (whole["runAsUser"], whole["runAsGroup"], whole["fsGroup"]) == (user, group, group)
    assert pod["automountServiceAccountToken"] is False
    for container in (*pod["containers"], *pod.get("initContainers", ())):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_a_pod_is_asked_what_the_server_answers_without_a_token(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    live, ready = HEALTH
    assert container["livenessProbe"]["httpGet"]["path"] == live
    assert container["readinessProbe"]["httpGet"]["path"] == ready
    ports = {port.get("name"): port["containerPort"] for port in container["ports"]}
    for probe in ("livenessProbe", "readinessProbe"):
        port = container[probe]["httpGet"]["port"]
        assert port in ports or port in ports.values()


@pytest.mark.parametrize("pod", PODS.values(), ids=list(PODS))
def test_tokens_are_a_secret_and_nothing_else_is_kept(pod: dict[str, Any]) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["tokens"]["secret"] == {"secretName": "assay-tokens", "defaultMode": 0o440}
    (container,) = pod["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {
        "/project/.assay": "scratch",
        "/run/assay/tokens": "tokens",
        "/tmp": "temporary",  # noqa: S108 (a path in the container)
    }
    assert "emptyDir" in volumes["scratch"] and "emptyDir" in volumes["temporary"]


def test_it_drains_before_it_is_killed() -> None:
    from assay.serving.server import GRACE

    (container,) = POD["containers"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pause + GRACE < POD["terminationGracePeriodSeconds"] == 15


def test_the_manifests_are_about_the_same_pods() -> None:
    labels = _one("deployment")["spec"]["template"]["metadata"]["labels"]
    (container,) = POD["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert _one("deployment")["spec"]["selector"]["matchLabels"] == labels
    assert _one("service")["spec"]["selector"] == labels
    assert {port["targetPort"] for port in _one("service")["spec"]["ports"]} <= ports
    assert _one("poddisruptionbudget")["spec"]["selector"]["matchLabels"] == labels
    policy = _one("networkpolicy")["spec"]
    assert policy["podSelector"]["matchLabels"] == labels
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} <= ports
    target = _one("horizontalpodautoscaler")["spec"]["scaleTargetRef"]
    assert target["name"] == _one("deployment")["metadata"]["name"]


def test_every_manifest_is_in_the_kustomization_or_optional() -> None:
    named = set(_one("kustomization")["resources"])
    assert {file.name for file in MANIFESTS} - named == {"horizontalpodautoscaler.yaml"}
    assert all((FOLDER / name).is_file() for name in named)
    (image,) = _one("kustomization")["images"]
    assert {one["image"] for one in (*POD["containers"], *POD["initContainers"])} == {image["name"]}
