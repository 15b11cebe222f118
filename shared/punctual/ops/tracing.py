"""Traces through OpenTelemetry, when its variables are set: requests, runs and their attempts.

Nothing of OpenTelemetry is imported otherwise. The ids of a run's trace and of its spans follow
from the run's id, so that every service can add to them without anything being passed on: what
made a run links to it, and each attempt lies inside it, whichever worker ran it.
"""

import hashlib
import threading
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from punctual.ops import config

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanContext

log = structlog.get_logger()

FAILED = frozenset({"failed", "timed_out", "lost"})


class Tracing:
    """Exports spans to the collector that the environment names."""

    def __init__(self, provider: "TracerProvider") -> None:
        """`provider` must take its ids from an `_Ids`."""
        self._provider = provider
        self._tracer = provider.get_tracer("punctual")
        self._ids: Any = provider.id_generator

    def begin_request(self, method: str, headers: Iterable[tuple[str, str]]) -> "Span":
        """Begin a request's span, in its caller's trace if the caller sent one."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {name.lower(): value for name, value in headers}
        context = TraceContextTextMapPropagator().extract(carrier)
        return self._tracer.start_span(method, context=context, kind=SpanKind.SERVER)

    def end_request(self, span: "Span", *, method: str, route: str, status: int) -> None:
        """End a request's span."""
        span.update_name(f"{method} {route}")
        span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
        )
        _mark(span, failed=status >= 500)
        span.end()

    def link_run(self, span: "Span", run_id: uuid.UUID) -> None:
        """Link the request's span to a run that it created."""
        span.set_attribute("punctual.run_id", str(run_id))
        span.add_link(self._place(run_id))

    def run_ended(
        self, run_id: uuid.UUID, *, state: str, at: datetime, fields: Mapping[str, Any]
    ) -> None:
        """Export a run's span, from its creation until now."""
        self._ids.next = _trace_id(run_id), _span_id(run_id, 0)
        # UUIDs of version 7 begin with the milliseconds of their making.
        span = self._tracer.start_span(
            "run", start_time=(run_id.int >> 80) * 1_000_000, attributes=_attributes(run_id, fields)
        )
        span.set_attribute("punctual.state", state)
        _mark(span, failed=state in FAILED)
        span.end(_ns(at))

    def attempt_ended(
        self,
        run_id: uuid.UUID,
        *,
        attempt: int,
        outcome: str,
        started_at: datetime,
        ended_at: datetime,
        fields: Mapping[str, Any],
    ) -> None:
        """Export an attempt's span, inside its run's."""
        from opentelemetry.trace import NonRecordingSpan, set_span_in_context

        inside = set_span_in_context(NonRecordingSpan(self._place(run_id)))
        self._ids.next = None, _span_id(run_id, attempt)
        span = self._tracer.start_span(
            "attempt",
            context=inside,
            start_time=_ns(started_at),
            attributes=_attributes(run_id, fields),
        )
        span.set_attributes({"punctual.attempt": attempt, "punctual.outcome": outcome})
        _mark(span, failed=outcome in FAILED)
        span.end(_ns(ended_at))

    def _place(self, run_id: uuid.UUID) -> "SpanContext":
        """Return the context of a run's span, with its sampling decision."""
        from opentelemetry.sdk.trace.sampling import Decision
        from opentelemetry.trace import SpanContext, TraceFlags

        trace_id = _trace_id(run_id)
        decision = self._provider.sampler.should_sample(None, trace_id, "run").decision
        sampled = decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return SpanContext(trace_id, _span_id(run_id, 0), is_remote=True, trace_flags=flags)


def start(*, service: str, name: str) -> Tracing | None:
    """Return tracing for this process, or None when it is not configured. Not across a fork."""
    if not config.traces_wanted():
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("tracing packages not installed", install="-r locks/worker.txt")
        return None
    about = Resource.create({"service.name": f"punctual-{service}", "service.instance.id": name})
    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before.
    about = about.merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=about, id_generator=_ids())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _ids() -> Any:
    """Return random ids, unless the next one was given to this thread."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator, threading.local):
        next: tuple[int | None, int] | None = None

        def generate_span_id(self) -> int:
            fields, self.next = self.next, None
            return fields[1] if fields else super().generate_span_id()

        def generate_trace_id(self) -> int:
            return self.next[0] if self.next and self.next[0] else super().generate_trace_id()

    return Ids()


def _mark(span: "Span", *, failed: bool) -> None:
    from opentelemetry.trace import StatusCode

    if failed:
        span.set_status(StatusCode.ERROR)


def _attributes(run_id: uuid.UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
    known = {f"punctual.{name}": value for name, value in fields.items() if value is not None}
    return {"punctual.run_id": str(run_id), **known}


def _ns(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def _trace_id(run_id: uuid.UUID) -> int:
    # Hashed, as samplers take a share of ids by bits that are the same in all UUIDs.
    return int.from_bytes(hashlib.sha256(run_id.bytes).digest()[:16])


def _span_id(run_id: uuid.UUID, attempt: int) -> int:
    """Return the span id of an attempt; a run's own span has attempt 0."""
    fields = hashlib.sha256(run_id.bytes + attempt.to_bytes(2)).digest()
    return int.from_bytes(fields[:8]) or 1
