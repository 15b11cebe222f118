"""What the API loads: nothing that it does not use."""

import subprocess
import sys

LOADED = "import sys, punctual_api.app; print('authlib' in sys.modules, 'requests' in sys.modules)"


def test_an_api_without_single_sign_on_does_not_load_what_speaks_to_a_provider() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False False\n"
