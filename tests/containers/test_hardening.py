"""What containers may do, and who can read which secret."""

from contextlib import closing
from http.client import HTTPConnection
from ipaddress import ip_network

import httpx

from tests.containers.composition import PROJECT, Composition
from tests.containers.tasks import create, in_state, output

WORKER = ["KILL", "NET_ADMIN", "SETGID", "SETUID"]
ROOT_FOR = {"secret-keys": None, "secrets": ["CHOWN"], "worker": WORKER}
WITHOUT_NETWORK = {"secret-keys", "secrets"}
OUR_IMAGES = ("api", "coordinator", "worker", "proxy")
SECRETS = {
    "api": ["database_url", "redis_url", "secret_key", "secrets_public_key"],
    "coordinator": ["database_url", "redis_url"],
    "worker": ["database_url", "redis_url", "secrets_private_key"],
    "notifier": ["database_url", "redis_url", "secrets_private_key"],
    "postgres": ["password"],
    "redis": ["password", "users.conf"],
}

SLOT_USERS = range(11_001, 11_033)
OF_THE_RUNNER = 1 << 5 | 1 << 6 | 1 << 7  # KILL, SETGID, SETUID


def test_no_container_can_do_more_than_it_must(composition: Composition) -> None:
    services = set()
    for container in composition.containers():
        service, known = composition.service(container), composition.inspect(container)
        services.add(service)
        host = known["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["Init"] == (service != "worker"), service
        assert not host["Privileged"], service
        assert bool(host["PortBindings"]) == (service == "proxy"), service
        # What makes secrets and keys is root, without a network, and a worker until it is another.
        user = known["Config"]["User"].partition(":")[0]
        assert (user == "0") == (service in ROOT_FOR), service
        assert (host["NetworkMode"] == "none") == (service in WITHOUT_NETWORK), service
        assert host["CapAdd"] == ROOT_FOR.get(service), service
    assert services == {*OUR_IMAGES, *WITHOUT_NETWORK, "migrate", "postgres", "redis"}


def test_nothing_is_kept_in_a_volume_without_a_name(composition: Composition) -> None:
    for container in composition.containers():
        mounts = composition.inspect(container)["Mounts"]
        unnamed = [each for each in mounts if not each["Name"].startswith(f"{PROJECT}_")]
        assert unnamed == [], composition.service(container)


def test_a_worker_is_given_longer_to_stop_than_it_may_take(composition: Composition) -> None:
    drain, kill, leave = 30, 15, 10
    for container in composition.containers("worker"):
        assert composition.inspect(container)["Config"]["StopTimeout"] > drain + kill + leave


def test_a_command_is_unprivileged(ann: httpx.Client) -> None:
    command = (
        "id -u; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr -s '\\t' ' ';"
        " touch /here 2>/dev/null || echo read-only; echo 'echo ran' > it; chmod +x it; ./it"
    )
    task = create(ann, command=command)
    ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    lines = output(ann, in_state(ann, task, "succeeded")).splitlines()
    assert int(lines[0]) in SLOT_USERS
    assert lines[1:] == ["CapEff: 0000000000000000", "NoNewPrivs: 1", "read-only", "ran"]


def test_no_process_of_a_worker_is_root_or_has_more_capabilities_than_it_needs(
    composition: Composition,
) -> None:
    look = (
        "runner=$(grep -l punctual_worker.runne[r] /proc/[1-9]*/cmdline | cut -d/ -f3);"
        " cat /proc/1/status /proc/$runner/status | grep -E '^Cap(Prm|Eff|Amb)'"
    )
    for worker in composition.containers("worker"):
        found = set()
        listed = composition.docker("top", worker, "-eo", "pid,uid,args")
        for line in listed.splitlines()[1:]:
            _pid, uid, args = line.split(maxsplit=2)
            if "HTTPConnection" not in args:  # the engine's own probe, now and then
                found.add((uid, "punctual_worker.runner" in args))
        assert found == {("10001", False), ("11000", True)}, listed
        output = composition.docker("exec", "-u", "10001", worker, "sh", "-c", look).splitlines()
        found_capabilities = [int(line.split()[1], 16) for line in output]
        assert found_capabilities == [0, 0, 0, OF_THE_RUNNER, OF_THE_RUNNER, 0], output


def test_a_command_cannot_read_the_agent_or_its_secrets(ann: httpx.Client) -> None:
    command = (
        "for each in /proc/1/environ /proc/1/mem /proc/1/maps /run/secrets/database_url"
        " /run/secrets/redis_url; do head -c 1 $each && echo read $each; done;"
        " kill -0 1 && echo may signal; ls /proc/1/fd && echo listed; echo done"
    )
    task = create(ann, command=command)
    ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    run = in_state(ann, task, "succeeded")
    assert output(ann, run) == "done\n"
    assert output(ann, run, stream="stderr").count("ermission denied") == 6


def test_a_worker_says_that_its_commands_are_apart(composition: Composition) -> None:
    program = (
        "import json, urllib.request as r;"
        " found = json.load(r.urlopen('http://127.0.0.1:9100/healthz'))['isolation'];"
        " print(*sorted(what for what, holds in found.items() if holds))"
    )
    for worker in composition.containers("worker"):
        protections = set(composition.docker("exec", worker, "python", "-c", program).split())
        assert protections >= {
            "command_networks",
            "no_new_privileges",
            "own_process_namespace",
            "read_only_root",
            "separate_user",
            "unprivileged",
            "user_per_slot",
        }


def test_metrics_are_given_to_who_asks_from_near_and_by_one_door(composition: Composition) -> None:
    output = composition.compose("exec", "-T", "proxy", "cat", "/etc/nginx/metrics.conf")
    rules = [line for line in output.splitlines() if not line.startswith("#")]
    assert rules.pop() == "deny all;"
    for rule in rules:
        assert ip_network(rule.removeprefix("allow ").rstrip(";")).is_private
    for way in ("/metrics", "/metrics?x=1", "//metrics", "/%6detrics"):
        with closing(HTTPConnection("127.0.0.1", composition.port, timeout=10)) as neighbour:
            neighbour.request("GET", way)  # as it stands, which a better client would not send
            answer = neighbour.getresponse()
            assert (answer.status, answer.read()[:6]) == (200, b"# HELP"), way


def test_each_service_sees_its_own_secrets_alone(composition: Composition) -> None:
    for service, names in SECRETS.items():
        listed = composition.compose("exec", "-T", service, "ls", "-ln", "/run/secrets")
        files = [line.split() for line in listed.splitlines()[1:]]
        assert sorted(file[-1] for file in files) == names, service
        assert {file[0] for file in files} == {"-r--------"}, service


def test_no_secret_reaches_the_engine_or_the_logs(composition: Composition) -> None:
    secrets = [
        composition.compose("exec", "-T", *user, service, "cat", f"/run/secrets/{name}").strip()
        for service, name, *user in [
            ("postgres", "password"),
            ("redis", "password"),
            ("api", "secret_key"),
            ("worker", "secrets_private_key", "--user", "10001"),  # its root reads no such file
        ]
    ]
    assert len(set(secrets)) == 4
    output = composition.docker("inspect", *composition.containers()) + composition.compose("logs")
    for secret in secrets:
        assert len(secret) >= 50
        assert secret not in output


def test_each_service_logs_into_the_database_under_its_own_role(
    composition: Composition,
) -> None:
    statement = (
        "SELECT DISTINCT application_name || ' ' || usename FROM pg_stat_activity"
        " WHERE application_name LIKE 'punctual-%'"
    )
    psql = ("psql", "-U", "punctual", "-d", "punctual", "-At", "-c", statement)
    for line in composition.compose("exec", "-T", "postgres", *psql).splitlines():
        application, role = line.split()
        service = application.split("-")[1].replace("readyz", "api")
        assert role == f"punctual_{service}", line


def test_making_the_secrets_again_changes_none(composition: Composition) -> None:
    read = ("exec", "-T", "redis", "cat", "/run/secrets/users.conf")
    before = composition.compose(*read)
    composition.run_in("secrets")
    assert composition.compose(*read) == before
