"""The operator's command: `punctual doctor`, `migrate`, `config`, `mail`, `user` and others."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

from punctual import DISTRIBUTION
from punctual.ops import config
from punctual.ops.process_user import account_of, become, forbid_inspection


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named command; return its exit status, or 2 for invalid arguments."""
    options = _parser().parse_args(arguments)
    forbid_inspection()
    try:
        _leave_root()
    except config.InvalidSetting as error:
        sys.stderr.write(f"{options.verb}: {error}\n")
        return 2
    return VERBS[options.verb](options)


# Each command imports what it needs alone: the doctor works where the API is not installed.


def _doctor(options: argparse.Namespace) -> int:
    from punctual.doctor.__main__ import main as doctor

    folders = [f"--folder={folder}" for folder in options.folder]
    return doctor([*folders, *(["--json"] if options.json else [])])


def _migrate(_options: argparse.Namespace) -> int:
    from punctual.store.schema.migrate import main as migrate

    return migrate()


def _rights(_options: argparse.Namespace) -> int:
    from punctual.store.schema.rights import main as rights

    return rights()


def _mail(options: argparse.Namespace) -> int:
    from punctual.messaging.mail.command import main as mail

    return mail(options.address)


def _secrets(options: argparse.Namespace) -> int:
    from punctual.store.secrets.command import main as secrets

    return secrets(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="punctual", description=__doc__)
    parser.add_argument("--version", action="version", version=version(DISTRIBUTION))
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    doctor = verbs.add_parser("doctor", help="say what is wrong with the product that runs here")
    doctor.add_argument("--json", action="store_true", help="one JSON document")
    doctor.add_argument(
        "--folder", action="append", default=[], help="where this machine needs room; repeat it"
    )
    verbs.add_parser("migrate", help="bring the database to this release's tables and rights")
    verbs.add_parser("config", help="print the settings that a process would use, secrets masked")
    verbs.add_parser("rights", help="print which database role may do what")
    mail = verbs.add_parser("mail", help="send a test mail")
    actions = mail.add_subparsers(dest="action", metavar="ACTION", required=True)
    test = actions.add_parser("test", help="send one, and say what is wrong if that fails")
    test.add_argument("address")
    secrets = verbs.add_parser("secrets", help="keys of secrets, and values without a page")
    _add_secret_actions(secrets.add_subparsers(dest="action", metavar="ACTION", required=True))
    user = verbs.add_parser("user", help="list and change users (where the API is installed)")
    _add_user_actions(user.add_subparsers(dest="action", metavar="ACTION", required=True))
    return parser


def _add_secret_actions(actions: Any) -> None:
    keygen = actions.add_parser("keygen", help="print a new pair of keys, as settings")
    keygen.add_argument(
        "--folder", type=Path, help="have them in files there instead, made once; print no key"
    )
    actions.add_parser(
        "rotate",
        help="seal all secrets anew for the first of PUNCTUAL_SECRETS_PRIVATE_KEY; needs the"
        " database's owner, or the API's role",
    )
    what = "set a team's secret; its value is asked for, or read from standard input"
    setting = actions.add_parser("set", help=what)
    setting.add_argument("team", help="the team's slug")
    setting.add_argument("name")


def _add_user_actions(actions: Any) -> None:
    actions.add_parser("list", help="list all users, newest first")
    source = "the password is asked for, or read from standard input"
    create = actions.add_parser("create", help=f"create a user; {source}")
    create.add_argument("username")
    create.add_argument("--email", required=True)
    for action, what in (
        ("disable", "end all sessions and tokens of a user, who cannot log in any more"),
        ("enable", "let a disabled user log in again"),
        (
            "reset-password",
            f"give a user a new password, and end all sessions and tokens; {source}",
        ),
        ("make-admin", "make a user an admin of this installation"),
    ):
        actions.add_parser(action, help=what).add_argument("username")


def _of_service(options: argparse.Namespace) -> int:
    """Hand over to the service that brings this verb: the shared floor knows none of them."""
    found = list(entry_points(group="punctual.commands", name=options.verb))
    if not found:
        sys.stderr.write(f"{options.verb}: only where the API is installed\n")
        return 2
    command: Callable[[argparse.Namespace], int] = found[0].load()
    return command(options)


def _leave_root() -> None:
    """Become whom a worker becomes, where it does: its root may not even read its own secrets."""
    user = config.load(only=("user",)).user
    if os.geteuid() == 0:
        become(account_of("USER", user, euid=0))


VERBS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "doctor": _doctor,
    "migrate": _migrate,
    "config": lambda _options: config.main(),
    "rights": _rights,
    "mail": _mail,
    "secrets": _secrets,
    "user": _of_service,
}


if __name__ == "__main__":
    sys.exit(main())
