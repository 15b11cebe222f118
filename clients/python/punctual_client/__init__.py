"""A typed client for Punctual's API; the command `punctual` is made with it."""

from punctual_client.client import Client
from punctual_client.problems import (
    Changed,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    NotLoggedIn,
    Problem,
    PunctualError,
    ServerFault,
    TooManyRequests,
    Unreachable,
)

__all__ = [
    "Changed",
    "Client",
    "Conflict",
    "Fault",
    "Forbidden",
    "Invalid",
    "NotFound",
    "NotLoggedIn",
    "Problem",
    "PunctualError",
    "ServerFault",
    "TooManyRequests",
    "Unreachable",
]
