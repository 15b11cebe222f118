"""Lines and commands that Debian's cron was asked about, and its answers as they are kept.

`python -m tests.unit.domain.crontab.crontab_cases`, run by root on a Debian with cron, asks it
again and writes them into debian_cron.json, for machines without it.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.support import debian_cron

RECORDED = Path(__file__).with_name("debian_cron.json")
LONG = 998

USER_LINES = (
    *("", " \t", "# comment", " \t# comment", "#", "* * * * * x", " \t* * * * * x"),
    *("*/5 0-23/2 1,15 jan,MAR-may sun x", "05 009 1 1 7 x", "* * * * sat-7 x", "@daily x"),
    *("@reboot x", "@annually\tx", "@Daily x", "@every_minute x", "@daily * x", "@dailyx x"),
    *("5/15 * * * * x", "0 0 * JAN/2 * x", "0 0 L * * x", "0 0 LW * * x", "0 0 L/2 * * x"),
    *("0 0 * * 5L x", "0 0 * * MON#1 x", "0 0 1#2 * * x", "*5 * * * * x", "5;y * * * * x"),
    *("1-5/2/3 * * * * x", "*/2-3 * * * * x", "5- * * * * x", "-5 * * * * x", "1, * * * * x"),
    *(", * * * * x", "*/ * * * * x", "*/0 * * * * x", "*/99 * * * * x", "1-5/x * * * * x"),
    *("60 * * * * x", "* 24 * * * x", "* * 0 * * x", "* * 32 * * x", "* * * 0 * x"),
    *("* * * 13 * x", "* * * * 8 x", "5-64/30 * * * * x", "mon * * * * x", "* * * january * x"),
    *("5-3 * * * * x", "1,5-3 * * * * x", "0 0 * * FRI-MON x", "0 0 * * sat-sun x", "* * 30 2 * x"),
    *("? * * * * x", "* * ? * MON x", "\u0661 * * * * x", "* * * * \u017fun x", "0\u00a00 * * * x"),
    *("0 */5 * * * * job", "0 0 2 * * MON job", "0 0 1 1 * 2026 job", "0 0 1 1 * * x"),
    *("* * * * * *x", "* * * *", "* * * * x", "hello", "every 5 minutes", "* * * * * root x"),
    *("\ufeff* * * * * x", "\ufeff# comment", "\ufeffA=b", "* * * * * x\r", "\r", "A=b\r"),
    *("* * * * * " + "x" * LONG, "* * * * * " + "x" * (LONG + 1)),
    *("A=b", "A = b", "A=", "A= ", "A=''", 'A=""', "'A'=b", '"A"=b', '"A=b"=c', "A'B=c"),
    *("A='b", "A='b' c", "A='b'c", "A=b c", "A B=c", "=x", "9A=b", "A==b", "A=b=c", "@daily =x"),
    *("@daily = x", "CRON_TZ=Europe/Rome 0 2 * * * x", "0 2 * * * Europe/Rome x", "A\u00a0=b"),
    *("\x0b* * * * * x", "*\x0b* * * * * x", "* * * * *\x0bx y", "0 0 * * 1-5 x", "\u2003"),
)
SYSTEM_LINES = (
    *("* * * * * root x", "*\t*\t*\t*\t*\troot\tx", "@daily root x", "* * * * * root *x"),
    *("* * * * * /usr/bin/php x", "* * * * * cd / && x", "0 0 2 * * MON root x", "* * * * * * x"),
    *("* * * * * root", "@daily root", "0 */5 * * * * root x", "* * * * * [ -x /x ] && x", "A="),
    *("5/15 * * * * root x", "* * * * * www-data x", "* * * * * -root x", "* * * * * 1 x"),
)
COMMANDS = (
    *("plain", r"date +\%s", r"a\b\\%c", r"a\\b", r"one\\%two", r"a\\\%b", "a\\", r"a\\", r"\%"),
    *(
        "cat%",
        "cat%a%b",
        "cat%a%b%",
        "cat%%",
        r"cat%5\% off",
        r"cat%\\%x",
        r"cat%a\b\\c",
        r"cat%\x",
    ),
    *("cat%\\", "cat%a\\", "cat%a%\\", r"cat%\\", r"cat%a%\\", r"cat%a\\", r"cat%\\\%", "cat%% "),
    *("x  ", "x\ty\t", "x\ry\r", "x # y", 'it\'s "x" $y `z`', "\x01\x1b[0m\x7f", "ä€𝄞\u2028\u00a0"),
    *('mail -s "It\'s 10pm" joe%Joe,%%Where are your kids?%', r"expr $(date +\%s) / 60 \% 9"),
    *(r"printf '%s\n' x", r"printf '\%s\n' 'a\\b'", r"echo a \n  b", "root cd / && x", "A=b x"),
)
ENVIRONMENTS = (
    *("A=1\n", "A = ' 2 '\n", "A=two words  \n", "A='\"x\"'\n", 'A="\'x"\n', "A=#x\n", "A=b\r\n"),
    *("A=''\n", 'A=a"b"\n', "'A'=b\n", "A=$B\n", "A=1\nA=2\n", "A=a\\b\\\\c\\%d%e\n", "A==\n"),
    *("LOGNAME=me\nUSER=me\n", "MAILTO=paul\n", "CRON_TZ=Europe/Rome\n", "TZ=Asia/Tokyo\n"),
    *("HOME=/tmp\n", "PATH=/bin\n", "A=b # c\n", "A=\x0bb\x0c\n", "A='\tb\t'\n", "a.b=c\n"),
)


def cases() -> dict[str, Any]:
    """Return what cron says now, as it is recorded."""
    ran = debian_cron.run_system([f"{lines}@reboot root x" for lines in ENVIRONMENTS])
    return {
        "user": debian_cron.check(USER_LINES),
        "system": debian_cron.check_system(SYSTEM_LINES),
        "commands": [
            {part: value for part, value in asdict(one).items() if part != "env"}
            for one in debian_cron.run(COMMANDS)
        ],
        "environments": [_own(one.env) for one in ran],
    }


def recorded() -> dict[str, Any]:
    """Return what cron said when it was asked last."""
    stored: dict[str, Any] = json.loads(RECORDED.read_text())
    return stored


def _own(env: dict[str, str]) -> dict[str, str]:
    # SHELL and CASE are the recording's, PWD is its shell's.
    return {name: env[name] for name in env if name not in ("SHELL", "CASE", "PWD")}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(cases(), indent=1) + "\n")
