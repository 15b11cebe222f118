"""The least that creates a task over HTTP: Flask, gunicorn, psycopg2, one insert, no checks."""

import os
import threading
import uuid
from typing import Any

import psycopg2
from flask import Flask, Response, jsonify, request
from psycopg2.extras import Json

TABLE = """
CREATE TABLE IF NOT EXISTS bare_tasks (
    id uuid PRIMARY KEY, name text NOT NULL, command text NOT NULL, schedule jsonb,
    created_at timestamptz NOT NULL DEFAULT now())
"""
INSERT = "INSERT INTO bare_tasks (id, name, command, schedule) VALUES (%s, %s, %s, %s)"

app = Flask(__name__)
_own = threading.local()


def connection() -> Any:
    """This thread's connection."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(os.environ["BENCH_DATABASE_URL"])
    return _own.connection


@app.post("/api/tasks/")
def create() -> tuple[Response, int]:
    """Insert one task and answer it."""
    sent = request.get_json()
    values = {"id": str(uuid.uuid4()), **sent}
    opened = connection()
    with opened, opened.cursor() as cursor:
        cursor.execute(
            INSERT, (values["id"], sent["name"], sent["command"], Json(sent["schedule"]))
        )
    return jsonify(values), 201
