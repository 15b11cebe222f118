"""Traces are off unless OpenTelemetry's variables ask for them, and then cost nothing."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from punctual.ops.config import traces_wanted
from punctual.ops.tracing import Tracing, _ids
from punctual.store.schema.models.model import new_id

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SOMEWHERE = {ENDPOINT: "http://127.0.0.1:4318"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        (SOMEWHERE, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        (SOMEWHERE | {"OTEL_SDK_DISABLED": "true"}, False),
        (SOMEWHERE | {"OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_usual_variables_decide(environ: dict[str, str], wanted: bool) -> None:
    assert traces_wanted(environ) is wanted


def test_unasked_nothing_of_opentelemetry_is_imported() -> None:
    program = (
        "import sys; from punctual.ops import tracing; import punctual_api.http.server.api_server;"
        "assert tracing.start(service='api', name='a') is None;"
        "print([n for n in sys.modules if n.startswith(('opentelemetry.sdk.trace',"
        " 'opentelemetry.exporter'))])"  # redis-py looks for its metrics by itself
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_run_and_its_attempts_are_sampled_together(share: float) -> None:
    exporter = InMemorySpanExporter()
    sampler = ParentBased(TraceIdRatioBased(share))
    provider = TracerProvider(sampler=sampler, id_generator=_ids(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider)
    runs = [new_id() for _ in range(200)]
    for run in runs:
        tracing.attempt_ended(
            run,
            attempt=1,
            outcome="succeeded",
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=1),
            fields={},
        )
        tracing.run_ended(run, state="succeeded", at=NOW + timedelta(seconds=1), fields={})
    spans: dict[int, set[str]] = {}
    for span in exporter.get_finished_spans():
        spans.setdefault(span.context.trace_id, set()).add(span.name)
    assert all(names == {"run", "attempt"} for names in spans.values())
    assert 200 * (share - 0.2) <= len(spans) <= 200 * (share + 0.2)
