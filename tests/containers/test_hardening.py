"""What containers may do, and who can read which secret."""

import httpx

from tests.containers.composition import PROJECT, Composition
from tests.containers.tasks import create, in_state, output

OUR_IMAGES = ("api", "coordinator", "worker", "proxy")
SECRETS = {
    "api": ["database_url", "redis_url", "secret_key"],
    "coordinator": ["database_url", "redis_url"],
    "worker": ["database_url", "redis_url"],
    "postgres": ["password"],
    "redis": ["auth.conf", "password"],
}


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
        assert host["Init"], service
        assert not host["Privileged"], service
        assert bool(host["PortBindings"]) == (service == "proxy"), service
        # Only what makes the secrets is root, and it has no network.
        user = known["Config"]["User"].partition(":")[0]
        assert (user == "0") == (service == "secrets"), service
        assert (host["NetworkMode"] == "none") == (service == "secrets"), service
        assert host["CapAdd"] == (["CHOWN"] if service == "secrets" else None), service
    assert services == {*OUR_IMAGES, "migrate", "secrets", "postgres", "redis"}


def test_nothing_is_kept_in_a_volume_without_a_name(composition: Composition) -> None:
    for container in composition.containers():
        mounts = composition.inspect(container)["Mounts"]
        unnamed = [each for each in mounts if not each["Name"].startswith(f"{PROJECT}_")]
        assert unnamed == [], composition.service(container)


def test_a_worker_is_given_longer_to_stop_than_it_may_take(composition: Composition) -> None:
    drain, kill, leave = 30, 15, 10
    for container in composition.containers("worker"):
        assert composition.inspect(container)["Config"]["StopTimeout"] > drain + kill + leave


def test_a_command_is_nobody_special(ann: httpx.Client) -> None:
    command = (
        "id -u; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr -s '\\t' ' ';"
        " touch /here 2>/dev/null || echo read-only; echo 'echo ran' > it; chmod +x it; ./it"
    )
    task = create(ann, command=command)
    ann.post(f"/api/tasks/{task['id']}/run/").raise_for_status()
    said = output(ann, in_state(ann, task, "succeeded")).splitlines()
    assert said == ["10001", "CapEff: 0000000000000000", "NoNewPrivs: 1", "read-only", "ran"]


def test_each_service_sees_its_own_secrets_alone(composition: Composition) -> None:
    for service, names in SECRETS.items():
        listed = composition.compose("exec", "-T", service, "ls", "-ln", "/run/secrets")
        files = [line.split() for line in listed.splitlines()[1:]]
        assert sorted(file[-1] for file in files) == names, service
        assert {file[0] for file in files} == {"-r--------"}, service


def test_no_secret_is_told_to_the_engine_or_the_logs(composition: Composition) -> None:
    secrets = [
        composition.compose("exec", "-T", service, "cat", f"/run/secrets/{name}").strip()
        for service, name in [
            ("postgres", "password"),
            ("redis", "password"),
            ("api", "secret_key"),
        ]
    ]
    assert len(set(secrets)) == 3
    told = composition.docker("inspect", *composition.containers()) + composition.compose("logs")
    for secret in secrets:
        assert len(secret) == 64
        assert secret not in told


def test_each_service_logs_into_the_database_under_its_own_role(
    composition: Composition,
) -> None:
    asked = (
        "SELECT DISTINCT application_name || ' ' || usename FROM pg_stat_activity"
        " WHERE application_name LIKE 'punctual-%'"
    )
    psql = ("psql", "-U", "punctual", "-d", "punctual", "-At", "-c", asked)
    for line in composition.compose("exec", "-T", "postgres", *psql).splitlines():
        application, role = line.split()
        service = application.split("-")[1].replace("readyz", "api")
        assert role == f"punctual_{service}", line


def test_making_the_secrets_again_changes_none(composition: Composition) -> None:
    read = ("exec", "-T", "redis", "cat", "/run/secrets/auth.conf")
    before = composition.compose(*read)
    composition.run_in("secrets")
    assert composition.compose(*read) == before
