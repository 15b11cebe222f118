"""Traces as a collector receives them: a request, the run that it made, its attempts."""

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.eventually import eventually
from tests.support.product import running_product

CALLER = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """An OTLP receiver over HTTP that keeps every span, with its service's name."""

    def __init__(self) -> None:
        spans = self.spans = list[tuple[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    about = {
                        one.key: one.value.string_value for one in resource.resource.attributes
                    }
                    for scope in resource.scope_spans:
                        spans.extend((about["service.name"], span) for span in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def named(self, name: str) -> list[Any]:
        """The spans of this name that have come, earliest first."""
        found = [span for _, span in list(self.spans) if span.name == name]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def attributes(of: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


def test_a_run_is_a_trace_that_its_request_links_to(collector: Collector) -> None:
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with running_product(wanted) as product, closing(product.user("ann")) as ann:
        body = {"command": "exit 3", "max_retries": 1, "retry_delay": 0}
        task = ann.post("/api/tasks/", json=body).json()["id"]
        sent = {"traceparent": f"00-{CALLER}-b7ad6b7169203331-01"}
        run = ann.post(f"/api/tasks/{task}/run/", headers=sent).json()["id"]
        [whole] = eventually(lambda: collector.named("run"), within=20)
        assert eventually(lambda: len(collector.named("attempt")) == 2, within=10)
        attempts = collector.named("attempt")
        [request] = eventually(
            lambda: collector.named("POST /api/tasks/<uuid:task_id>/run/"), within=10
        )

    assert attributes(whole)["punctual.run_id"] == run
    assert attributes(whole)["punctual.state"] == "failed"
    assert attributes(whole)["punctual.task_id"] == task
    assert not whole.parent_span_id
    for number, attempt in enumerate(attempts, start=1):
        assert (attempt.trace_id, attempt.parent_span_id) == (whole.trace_id, whole.span_id)
        assert attributes(attempt)["punctual.attempt"] == number
        assert attributes(attempt)["punctual.exit_code"] == 3
        assert attempt.status.code == attempt.status.STATUS_CODE_ERROR
        assert whole.start_time_unix_nano <= attempt.start_time_unix_nano
        assert attempt.end_time_unix_nano <= whole.end_time_unix_nano
    assert request.trace_id.hex() == CALLER
    assert attributes(request)["http.response.status_code"] == 202
    assert [(link.trace_id, link.span_id) for link in request.links] == [
        (whole.trace_id, whole.span_id)
    ]
    services = {service for service, span in collector.spans if span.name in ("run", request.name)}
    assert services == {"punctual-worker", "punctual-api"}
