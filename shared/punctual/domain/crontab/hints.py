"""Hints on crontab lines that are valid, but probably not meant so."""

import re
from collections.abc import Iterator

from punctual.domain.crontab.fields import is_like_a_field, next_word
from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named
from punctual.domain.text import unseen_in

SIX_FIELDS = (
    "looks like a sixth time field: cron has five (minute hour day-of-month month day-of-week)."
    " Leave out seconds that come first, or a year that comes last."
)
AS_SYSTEM = 'If it is the user, this is a system crontab: import it with the format "system".'
AS_USER = 'If this is a user\'s crontab, import it with the format "user".'

# Users of Debian, Ubuntu and common packages whose names are no commands.
_USERS = frozenset(
    (
        *("root", "www-data", "nobody", "daemon", "bin", "sys", "postgres", "mysql", "nginx"),
        *("apache", "redis", "rabbitmq", "jenkins", "munin", "logcheck", "smmsp", "list", "irc"),
        *("ubuntu", "debian", "admin", "ec2-user", "vagrant", "deploy", "debian-exim", "ntp"),
    )
)
# What commands commonly begin with, and no user is called.
_COMMANDS = frozenset(
    (
        *("cd", "echo", "test", "sh", "bash", "dash", "zsh", "env", "exec", "eval", "export"),
        *("if", "for", "while", "sleep", "sudo", "su", "nice", "ionice", "flock", "timeout"),
        *("python", "python2", "python3", "perl", "ruby", "php", "node", "java", "run-parts"),
        *("curl", "wget", "rsync", "find", "tar", "rm", "cp", "mv", "touch", "cat", "date"),
        *("docker", "systemctl", "service", "certbot", "logrotate", "pg_dump", "mysqldump"),
    )
)
_PLACE = re.compile(r"[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+){1,2}", re.ASCII)
_USERNAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@+\\-]*\$?", re.ASCII)


def bad_username(name: str) -> str | None:
    """Return why a system crontab's user cannot be one; None where a machine may have it."""
    if is_like_a_field(name):
        return f'bad username: "{name}" {SIX_FIELDS}'
    if _USERNAME.fullmatch(name) is None:
        return f'bad username: no user can be called "{name[:40]}". {AS_USER}'
    return None


def doubts_about_user(name: str) -> Iterator[str]:
    """Yield a sentence where a system crontab's user is rather a command."""
    if name in _COMMANDS:
        yield f'"{name}" stands where the user belongs. {AS_USER}'


def doubts_about_command(command: str, *, system: bool) -> Iterator[str]:
    """Yield a sentence where the command begins with what belongs to another column."""
    first, rest = next_word(command)
    if is_like_a_field(first):
        yield f'The command begins with "{first}", which {SIX_FIELDS}'
    elif not system and rest and first.lower() in _USERS:
        yield f'The command begins with "{first}". {AS_SYSTEM}'
    elif _PLACE.fullmatch(first) and _is_zone(first):
        yield (
            f'The command begins with "{first}". If it is the time zone, write CRON_TZ={first} on a'
            " line above."
        )


def entry_in(value: str) -> bool:
    """Return whether a variable's value goes on with an entry: "Europe/Rome 0 2 * * * job"."""
    words = value.split()
    return len(words) > 6 and all(map(is_like_a_field, words[1:6]))


def unseen_character(line: str) -> Iterator[str]:
    """Yield a sentence for the first character that looks like a blank, or like nothing."""
    if unseen := unseen_in(line.rstrip("\r"), blanks=" \t"):
        yield f"It {unseen}"


def _is_zone(name: str) -> bool:
    try:
        zone_named(name)
    except InvalidSchedule:
        return False
    return True
