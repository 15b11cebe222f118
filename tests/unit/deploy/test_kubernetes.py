"""The manifests are valid, fit each other, and are locked down alike."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from punctual.domain.commands.reach import parse_reach
from punctual.ops.config import PREFIX, Settings

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "kubernetes"
KUSTOMIZATIONS = sorted(FOLDER.glob("*/kustomization.yaml"))
VERSIONS = ("1.30", "1.33", "1.36")
OTHERS = {"ScaledObject", "TriggerAuthentication", "PodMonitor"}
SERVICES = ("punctual-api", "punctual-coordinator", "punctual-worker")

Manifest = dict[str, Any]


def load(file: Path) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(file.read_text()) if document]


def manifests(*, kind: str | None = None) -> Iterator[Manifest]:
    """Every resource of every folder, of one kind if it is named."""
    for file in sorted(FOLDER.glob("*/*.yaml")):
        if file.name != "kustomization.yaml":
            yield from (each for each in load(file) if kind in (None, each["kind"]))


def named(kind: str, name: str) -> Manifest:
    [found] = (each for each in manifests(kind=kind) if each["metadata"]["name"] == name)
    return found


def pods() -> Iterator[tuple[str, Manifest]]:
    """What each pod is made from, by the name of its owner."""
    for kind in ("Deployment", "Job"):
        for owner in manifests(kind=kind):
            yield owner["metadata"]["name"], owner["spec"]["template"]


def containers() -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods():
        [container] = pod["spec"]["containers"]
        yield name, container


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid_by_kubernetes_own_schemas(version: str) -> None:
    checked = 0
    for manifest in manifests():
        if manifest["kind"] not in OTHERS:
            kubernetes_validate.validate(manifest, version, strict=True)
            checked += 1
    assert checked >= 14


def test_a_wrong_manifest_would_be_noticed() -> None:
    wrong = named("Deployment", "punctual-api")
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.parametrize("file", KUSTOMIZATIONS, ids=lambda file: file.parent.name)
def test_a_kustomization_names_every_file_next_to_it(file: Path) -> None:
    [kustomization] = load(file)
    resources = kustomization.get("resources", [])
    siblings = {each.name for each in file.parent.glob("*.yaml")} - {file.name}
    elsewhere = {name for name in resources if name.startswith("..")}
    assert set(resources) - elsewhere == siblings
    assert all((file.parent / name / "kustomization.yaml").exists() for name in elsewhere)


def test_pods_are_locked_down_alike_and_none_may_speak_to_the_cluster() -> None:
    for name, pod in pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    for name, container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "memory" in container["resources"]["limits"], name
        assert "cpu" in container["resources"]["requests"], name


def test_services_say_how_they_are_and_survive_a_drained_node() -> None:
    for name in SERVICES:
        deployment = named("Deployment", name)
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        paths = {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
        for probe, path in paths.items():
            probe_of = container[f"{probe}Probe"]["httpGet"]
            assert (probe_of["path"], probe_of["port"] in ports) == (path, True)
        chosen = deployment["spec"]["selector"]["matchLabels"]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert chosen.items() <= labels.items()
        assert named("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == chosen
        [spread] = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"] == chosen


def test_what_pods_refer_to_is_there() -> None:
    [base] = load(FOLDER / "base" / "kustomization.yaml")
    generated = {each["name"] for each in base["configMapGenerator"]}
    for _, container in containers():
        for source in container.get("envFrom", []):
            assert source["configMapRef"]["name"] in generated
    for name, pod in pods():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        [container] = pod["spec"]["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        assert volumes["secrets"]["secret"]["secretName"] == name
    [example] = load(FOLDER / "example" / "kustomization.yaml")
    used = {container["image"] for _, container in containers()}
    assert {image["name"] for image in example["images"]} == used
    assert {each["name"] for each in example["configMapGenerator"]} == generated
    for scaler in (
        named("HorizontalPodAutoscaler", "punctual-api"),
        named("ScaledObject", "punctual-worker"),
    ):
        target = scaler["spec"]["scaleTargetRef"]["name"]
        assert named("Deployment", target)
    trigger = named("ScaledObject", "punctual-worker")["spec"]["triggers"][0]
    assert named("TriggerAuthentication", trigger["authenticationRef"]["name"])


def test_settings_are_ones_that_there_are_and_a_worker_has_time_to_drain() -> None:
    known = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)}
    given: dict[str, str] = {}
    for name in ("base", "example"):
        [kustomization] = load(FOLDER / name / "kustomization.yaml")
        for generator in kustomization["configMapGenerator"]:
            given |= dict(literal.split("=", 1) for literal in generator["literals"])
    used = {each["name"] for _, container in containers() for each in container["env"]}
    assert {name.removesuffix("_FILE") for name in used | set(given)} <= known
    grace = named("Deployment", "punctual-worker")["spec"]["template"]["spec"]
    assert grace["terminationGracePeriodSeconds"] >= int(given[f"{PREFIX}DRAIN_SECONDS"]) + 25


def test_a_number_is_left_to_the_autoscaler_where_there_is_one() -> None:
    assert "replicas" not in named("Deployment", "punctual-api")["spec"]
    assert named("Deployment", "punctual-worker")["spec"]["replicas"] > 1
    [component] = load(FOLDER / "keda" / "kustomization.yaml")
    [patch] = component["patches"]
    assert yaml.safe_load(patch["patch"]) == [{"op": "remove", "path": "/spec/replicas"}]


def selector(*names: str) -> dict[str, Any]:
    """What selects the pods of one deployment, or of several."""
    if len(names) == 1:
        return {"matchLabels": {"app.kubernetes.io/name": names[0]}}
    among = {"key": "app.kubernetes.io/name", "operator": "In", "values": [*names]}
    return {"matchExpressions": [among]}


def test_only_workers_and_notifiers_reach_the_internet_and_none_the_metadata_service() -> None:
    open_to_all = []
    for policy in manifests(kind="NetworkPolicy"):
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", []):
                if "ipBlock" in peer:
                    open_to_all.append(policy["spec"]["podSelector"])
                    assert "169.254.0.0/16" in peer["ipBlock"]["except"]
    assert open_to_all == [selector("punctual-worker", "punctual-notifier")]
    nothing = named("NetworkPolicy", "punctual-nothing")["spec"]
    assert set(nothing["policyTypes"]) == {"Ingress", "Egress"}
    assert not {"ingress", "egress"} & set(nothing)


def test_commands_are_kept_from_networks_by_what_two_users_has_and_one_capability() -> None:
    found = {}
    for folder in ("two-users", "command-networks"):
        [component] = load(FOLDER / folder / "kustomization.yaml")
        [patch] = component["patches"]
        assert patch["target"] == {"kind": "Deployment", "name": "punctual-worker"}
        [found[folder]] = yaml.safe_load(patch["patch"])["spec"]["template"]["spec"]["containers"]
    before, after = (found[folder]["securityContext"]["capabilities"] for folder in found)
    assert after == {"drop": ["ALL"], "add": [*before["add"], "NET_ADMIN"]}  # lists are replaced
    [setting] = found["command-networks"]["env"]
    assert setting == {"name": f"{PREFIX}COMMAND_NETWORKS", "value": "internet"}
    parse_reach(setting["value"])


@pytest.mark.parametrize(
    ("folder", "secret", "network", "ports"),
    [
        ("single-sign-on", "oidc_client_secret", "punctual-provider", (443,)),
        ("mail", "smtp_url", "punctual-mail", (587, 465)),
    ],
)
def test_a_component_gives_the_api_a_way_out_and_a_secret_that_it_mounts(
    folder: str, secret: str, network: str, ports: tuple[int, ...]
) -> None:
    [component] = load(FOLDER / folder / "kustomization.yaml")
    names = [patch["target"]["name"] for patch in component["patches"]]
    assert names[0] == "punctual-api"
    for patch in component["patches"]:
        assert patch["target"]["kind"] == "Deployment"
        [container] = yaml.safe_load(patch["patch"])["spec"]["template"]["spec"]["containers"]
        [variable] = container["env"]
        assert variable["name"].removeprefix(PREFIX).removesuffix("_FILE").lower() in {
            item.name for item in dataclasses.fields(Settings)
        }
        [own] = named(**patch["target"])["spec"]["template"]["spec"]["containers"]
        assert container["name"] == own["name"]
        folders = {mount["name"]: mount["mountPath"] for mount in own["volumeMounts"]}
        assert variable["value"] == f"{folders['secrets']}/{secret}"
    policy = named("NetworkPolicy", network)["spec"]
    assert policy["podSelector"] == selector(*names)
    opened = [{"port": port, "protocol": "TCP"} for port in ports]
    assert policy["egress"] == [{"ports": opened}]


def test_two_users_patch_the_worker_that_there_is_and_add_no_more_than_they_need() -> None:
    [component] = load(FOLDER / "two-users" / "kustomization.yaml")
    [patch] = component["patches"]
    changed = yaml.safe_load(patch["patch"])
    kubernetes_validate.validate(named(**patch["target"]), VERSIONS[0], strict=True)
    [container] = changed["spec"]["template"]["spec"]["containers"]
    [worker] = named(**patch["target"])["spec"]["template"]["spec"]["containers"]
    assert container["name"] == worker["name"]
    known = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)}
    users = {each["name"]: each["value"] for each in container["env"]}
    assert set(users) <= known
    group = named(**patch["target"])["spec"]["template"]["spec"]["securityContext"]["fsGroup"]
    assert users[f"{PREFIX}USER"] == str(group) != users[f"{PREFIX}SLOT_USERS"]
    capabilities = container["securityContext"]["capabilities"]
    assert capabilities == {"drop": ["ALL"], "add": ["SETUID", "SETGID", "KILL", "CHOWN"]}
