"""`make doctor`: run the doctor with the addresses of this data directory's servers."""

import os
import sys

from punctual_devstack import settings
from punctual_devstack.data_dir import DataDir
from punctual_devstack.servers.database_location import database_folder
from punctual_devstack.servers.postgres_user import server_account


def main() -> int:
    """Become the doctor; 1 when the stack never ran."""
    try:
        stack = settings.read(os.environ)
    except settings.InvalidStackSetting as why:
        sys.stderr.write(f"{why}\n")
        return 1
    secrets = DataDir(stack.data_dir).path / "secrets"
    environ = dict(stack.environ)
    for name in ("DATABASE_URL", "REDIS_URL"):
        if stack.given(name):
            continue
        file = secrets / name.lower()
        if not file.exists():
            sys.stderr.write(f"{stack.data_dir} has no {name}: start it first with make run\n")
            return 1
        environ[f"PUNCTUAL_{name}_FILE"] = str(file)
    key = secrets / "secrets_public_key"
    if key.exists() and not stack.given("SECRETS_PUBLIC_KEY"):
        environ["PUNCTUAL_SECRETS_PUBLIC_KEY_FILE"] = str(key)
    folders = [stack.data_dir, stack.data_dir / "logs", stack.data_dir / "work"]
    if not stack.given("DATABASE_URL"):
        folders.append(database_folder(stack.data_dir, server_account()))
    arguments = [f"--folder={folder}" for folder in folders]
    arguments += ["--json"] if environ.get("JSON") else []
    program = [sys.executable, "-P", "-m", "punctual", "doctor", *arguments]
    sys.stdout.flush()
    return os.execve(sys.executable, program, environ)


if __name__ == "__main__":
    sys.exit(main())
