"""The launch spec of an attempt: the command, and exactly the environment it gets."""

import json
from collections.abc import Mapping
from datetime import UTC

from punctual.domain.commands.http_params import fill_in, is_request
from punctual.domain.runs.limits import cut, limits_in_force
from punctual.domain.runs.params import environment_of
from punctual.ops.config import Settings
from punctual.store.lifecycle.start import StartedAttempt
from punctual.store.schema.models.model import Document
from punctual_worker.agent.launch.interpreters import Interpreters
from punctual_worker.agent.launch.request_secrets import may_reach, order_with_secrets
from punctual_worker.agent.launch.secret_values import SecretValues
from punctual_worker.agent.runner_link.messages import Launch


def launch_of(
    run: StartedAttempt,
    key: str,
    *,
    at_ns: int,
    settings: Settings,
    interpreters: Interpreters,
    http_program: tuple[str, ...],
    limits: Mapping[str, int],
    secrets: SecretValues | None = None,
) -> Launch:
    """Return the runner's order for `run`, to be started at `at_ns` (CLOCK_MONOTONIC).

    `http_program` makes requests: a command like others, so that it is supervised as they are.
    `limits` are for a task that has none of its own, `secrets` for one that uses any. Raises
    NoInterpreterError when the run's script cannot be run here, InvalidParams or SecretError when
    its request cannot take a value.
    """
    spec = run.spec
    env = spec["env"] if secrets is None else secrets.fill_env(spec["secrets"]["env"])
    argv: tuple[str, ...] = ("/bin/sh", "-c", spec["command"])
    file: str | None = None
    if script := spec.get("script"):
        argv, file = (interpreters.path_of(script["interpreter"]),), script["body"]
    elif request := spec.get("http"):
        argv = http_program
        if secrets is None:
            file = _order_of(request, run.params, settings)
        else:
            file, more = order_with_secrets(request, run.params, secrets, settings)
            env |= more
    scheduled_for = run.scheduled_for.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Launch(
        key=key,
        at_ns=at_ns,
        argv=argv,
        file=file,
        env={
            **env,
            **environment_of(run.params or {}),
            "PUNCTUAL_TASK_ID": str(run.task_id),
            **_named(spec),
            "PUNCTUAL_RUN_ID": str(run.run_id),
            "PUNCTUAL_ATTEMPT": str(run.attempt),
            "PUNCTUAL_FENCE": str(run.fence),
            "PUNCTUAL_SCHEDULED_FOR": scheduled_for,
            "PUNCTUAL_TRIGGER": run.trigger,
            **_upstream(spec),
        },
        cwd=spec["working_dir"],
        timeout_s=cut(float(spec["timeout"]), settings.max_timeout_seconds),
        grace_s=settings.kill_grace_seconds,
        end_grace_s=_end_grace(spec, settings),
        output_limit=settings.output_limit_bytes,
        limits=limits_in_force(spec.get("limits"), limits, settings.maxima),
        masked=() if secrets is None else secrets.to_mask(),
    )


def _named(spec: Document) -> dict[str, str]:
    # A run that the release before planned does not have the name of its task.
    return {"PUNCTUAL_TASK_NAME": spec["name"]} if "name" in spec else {}


def _upstream(spec: Document) -> dict[str, str]:
    upstream = spec.get("upstream") or {}
    named = {"RUN_ID": upstream.get("run_id"), "STATE": upstream.get("state")}
    return {f"PUNCTUAL_UPSTREAM_{name}": value for name, value in named.items() if value}


def _end_grace(spec: Document, settings: Settings) -> float:
    own = spec.get("end_grace")  # absent in runs that the release before planned
    return settings.end_grace_seconds if own is None else float(own)


def _order_of(request: Document, params: Document | None, settings: Settings) -> str:
    # Without parameters it is sent as it stands.
    filled = request if params is None or not is_request(request) else fill_in(request, params)
    return json.dumps({"request": filled, **may_reach(settings)})
