"""Commands that need bash are distinguished from those that /bin/sh runs too; dash is the judge."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.commands.shell_advice import shell_warnings
from punctual.domain.commands.shell_words import scan_shell

# What each shell makes of it differs: in the exit code, or in what is written.
NEED_BASH = {
    "source /dev/null && echo ok": "source",
    "if true; then source /dev/null && echo ok; fi": "source",
    "x=$(source /dev/null && echo ok); echo $x": "source",
    "[[ a == a ]] && echo ok": "[[",
    "if [[ -n x ]]; then echo ok; fi": "[[",
    "until false; [[ -n x ]]; do break; done && [[ 1 ]] && echo ok": "[[",
    "[ a == a ] && echo ok": "== in [ … ]",
    "test a == a && echo ok": "== in [ … ]",
    "a=(1 2); echo ok": "an array",
    'a=x; echo "${a[0]}"': "an array",
    "cat <(echo ok)": "process substitution <(…)",
    "echo ok > >(cat)": "process substitution >(…)",
    "echo {1..3}": "a range {1..3}",
    "for i in {a..c}; do echo $i; done": "a range {1..3}",
    "function f { echo ok; }; f": "function",
    "ls /nonexistent &> /dev/null; echo $?": "&>",
    "ls / &>> /dev/null; echo $?": "&>>",
    "echo ok >& /dev/null": ">& file",
    "ls /nonexistent |& cat": "|&",
    "set -o pipefail; echo ok": "pipefail",
    "set -euo pipefail\necho ok": "pipefail",
    r"echo $'a\tb'": "$'…'",
    "cat <<< ok": "a here-string <<<",
    "shopt -s nullglob && echo ok": "shopt",
    "declare -i x=1 && echo ok": "declare",
    "pushd /tmp > /dev/null && echo ok": "pushd",
    "let x=1+1 && echo $x": "let",
    "mapfile -t x < /dev/null && echo ok": "mapfile",
    "x=aba; echo ${x//a/c}": "${name/…/…}",
    "x=aba; echo ${x/a/c}": "${name/…/…}",
    "x=aba; echo ${x:1:1}": "${name:offset}",
    "x=aba; echo ${x^^}": "${name^^} or ${name,,}",
    "x=y; y=z; echo ${!x}": "${!name}",
    r"echo -e 'a\tb'": "echo -e",
    "echo x | { read -t 5 y; echo $y; }": "options of read",
    "trap 'echo failed' ERR; false; true": "trap … ERR",
    "echo $((RANDOM > 0 || RANDOM > 0))": "RANDOM",
}

PLAIN = [
    "true",
    "pg_dump --file=today shop",
    "cd /srv/app && ./run.sh > log 2>&1 || echo failed >&2",
    ". ./env.sh; make",
    "bash -c 'source x; [[ a == b ]] && echo {1..3}'",
    'ssh host "source ~/.profile; deploy"',
    "bash <<'EOF'\nsource x\n[[ a == b ]]\na=(1 2)\nEOF\necho done",
    "cat <<-EOF\n\tfunction f { [[ x ]]; } <(y) ${z:-1}\n\tEOF\necho $?",
    "echo 'a == b' \"[[ x ]]\" '<(y)' '{1..3}' # source [[ <(x)",
    "for f in source function declare; do echo $f; done",
    "case $1 in source) echo a;; function|let) echo b;; [[:alpha:]]*) echo c;; esac",
    "x=${1:-default} y=${2:=3} z=${x#a} w=${x##*/} v=${x%.*} u=${#x} t=${x:+a}; echo $z",
    "echo $((1 + 2 * (3 - 1))) $(( x << 2 ))",
    "echo $(date +%Y-%m-%d) `hostname`",
    "[ a = b ] || test -f x",
    "curl -d '{\"a\": [1, 2]}' https://example.com/a?b==c",
    "find . -name '*.py' -exec grep -l x {} + | xargs -I{} cp {} /tmp",
    "git show HEAD@{1} && tar cf - . | (cd /x && tar xf -)",
    "awk '{ print $1 == 2 }' file",
    "python3 -c 'a=(1,2); print(a[0])'",
    "echo -n x; printf '%s\\n' \"$x\"",
    "read -r line; read a b",
    "trap 'rm -f x' EXIT INT TERM",
    "exec 3>&1 2>&- >&3",
    "f() { echo x; }; f",
    "declare_it=1 ./let_me --source x --function y",
    "rsync -a --delete src/ host:/dst/ && logger done",
    "set -eu; set -- a b; shift",
    'while read -r x; do echo "$x"; done < file',
    "test x$1 = x && exit 1\n\n# [[ not this ]]\nexit 0",
    "sleep 5 & wait",
    "wget -O- http://x/a.php?x=1&y=2",
    "sed -e 's/[[:space:]]*$//' -e 's,x$,,' f",
    "$(",
    "'",
    "<<",
    "",
]


def outcome(shell: str, command: str) -> tuple[int, bytes]:
    done = subprocess.run(
        [shell, "-c", command], capture_output=True, check=False, timeout=20, cwd="/"
    )
    return done.returncode, done.stdout


needs_both = pytest.mark.skipif(
    not shutil.which("dash") or not shutil.which("bash"), reason="needs dash and bash"
)


@pytest.mark.parametrize("command", NEED_BASH)
def test_what_only_bash_understands_is_named(command: str) -> None:
    [warning] = shell_warnings(command)
    assert warning.startswith("Commands are run by /bin/sh")
    assert NEED_BASH[command] in warning.partition("understands: ")[2]


@needs_both
@pytest.mark.parametrize("command", NEED_BASH)
def test_dash_makes_something_else_of_it(command: str) -> None:
    assert outcome("dash", command) != outcome("bash", command)


@pytest.mark.parametrize("command", PLAIN)
def test_what_every_shell_understands_is_not(command: str) -> None:
    assert shell_warnings(command) == ()


@needs_both
@pytest.mark.parametrize("command", PLAIN[:-4])
def test_dash_can_read_it(command: str) -> None:
    done = subprocess.run(["dash", "-n", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_scripts_of_this_machine_that_sh_runs_are_hardly_ever_warned_of() -> None:
    scripts = [
        text
        for folder in ("/usr/bin", "/etc/init.d", "/var/lib/dpkg/info")
        for file in Path(folder).glob("*")
        if file.is_file()
        and (text := file.read_bytes()[: 32 * 1024]).split(b"\n", 1)[0].strip() == b"#!/bin/sh"
    ]
    warned = [text for text in scripts if shell_warnings(text.decode(errors="replace"))]
    assert len(warned) <= len(scripts) / 50


@given(st.text(alphabet="[]{}()<>&|;$`'\"\\#! \n=ab1.@", max_size=60))
def test_whatever_is_typed_it_is_read_to_its_end(command: str) -> None:
    scan_shell(command)
    shell_warnings(command)
