"""`workers`: who runs what, for admins."""

from punctual_client.command.opening import opened_client
from punctual_client.command.options import Output, Quiet
from punctual_client.command.shown import Column, Form, show_list

LISTED = (
    Column("worker", lambda worker: worker["name"]),
    Column("queues", lambda worker: ", ".join(worker["queues"]), is_long=True),
)


def workers(output: Output = Form.TABLE, quiet: Quiet = False) -> None:
    """List workers with their queues, for admins."""
    serving: dict[str, list[str]] = {}
    with opened_client() as client:
        for queue in client.queues():
            for worker in queue["workers"]:
                serving.setdefault(worker, []).append(queue["name"])
    found = [{"name": name, "queues": queues} for name, queues in sorted(serving.items())]
    show_list(found, LISTED, form=output, quiet=quiet, id_of="name")


VERBS = (workers,)
