"""How long an attempt to deliver a message may take."""

CONNECT_SECONDS = 5.0
STEP_SECONDS = 8.0
"""Each step: a connection, the answer to what was sent."""
WHOLE_SECONDS = 12.0
"""The whole attempt, also where the receiver sends a byte now and then."""
