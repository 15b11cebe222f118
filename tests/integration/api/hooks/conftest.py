"""What tests of hooks may ask for: a user with a browser."""

from tests.integration.api.pages.conftest import ann, bob  # noqa: F401 - fixtures by name
