"""Who one is: login, logout, whoami, and what is kept of it."""

import json
import stat
import uuid
from pathlib import Path

import httpx

from tests.e2e.command_line.program import CommandLine
from tests.support.product import PASSWORD, Product


def new_user(product: Product) -> str:
    name = f"login-{uuid.uuid4().hex[:8]}"
    product.user(name).close()
    return name


def test_a_login_is_kept_for_its_user_alone_until_the_logout(
    product: Product, tmp_path: Path
) -> None:
    name = new_user(product)
    punctual = CommandLine(tmp_path)
    output = punctual.done(
        "login", "--url", product.url + "/", "--username", name, typed=PASSWORD + "\n"
    )
    assert output == f"Logged in at {product.url} as {name}.\n"
    file = tmp_path / "punctual" / "logins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert PASSWORD not in file.read_text()
    document = json.loads(punctual.done("whoami", "-o", "json"))
    assert (document["username"], document["url"]) == (name, product.url)
    token = json.loads(file.read_text())["logins"][product.url]["token"]
    assert punctual.done("logout") == f"Logged out at {product.url}.\n"
    assert token not in file.read_text()
    answer = httpx.get(f"{product.url}/api/account/", headers={"Authorization": f"Token {token}"})
    assert answer.status_code == 401
    assert punctual("whoami", PUNCTUAL_URL=product.url).code == 4


def test_a_password_is_asked_for_on_a_terminal_without_an_echo(
    product: Product, tmp_path: Path
) -> None:
    name = new_user(product)
    punctual = CommandLine(tmp_path, PUNCTUAL_URL=product.url)
    done = punctual.on_terminal("login", typed=[name, PASSWORD])
    assert done.code == 0, done
    assert f"Logged in at {product.url} as {name}." in done.output
    assert PASSWORD not in done.output
    assert punctual.done("whoami", "-q") == f"{name}\n"


def test_a_wrong_password_is_refused(product: Product, tmp_path: Path) -> None:
    punctual = CommandLine(tmp_path, PUNCTUAL_URL=product.url)
    code, output, _ = punctual("login", "--username", new_user(product), typed="wrong\n")
    assert (code, output) == (4, "")
    assert not (tmp_path / "punctual").exists()


def test_a_token_of_one_server_is_not_sent_to_another(product: Product, tmp_path: Path) -> None:
    name = new_user(product)
    punctual = CommandLine(tmp_path)
    punctual.done("login", "--url", product.url, "-u", name, typed=PASSWORD + "\n")
    same_server = product.url.replace("127.0.0.1", "localhost")
    code, _, complaint = punctual("whoami", PUNCTUAL_URL=same_server)
    assert code == 4
    assert "punctual login --url URL" in complaint


def test_an_access_token_is_a_login_too(
    punctual: CommandLine, product: Product, api: httpx.Client, tmp_path: Path
) -> None:
    name = punctual.done("whoami", "-q").strip()
    token = punctual.done("tokens", "add", "ci", "--role", "viewer", "--expires", "1d").strip()
    other = CommandLine(tmp_path / "other")
    other.done("login", "--url", product.url, "--token", typed=token + "\n")
    assert other.done("whoami", "-q") == f"{name}\n"
    code, _, complaint = other("add", "x", "--", "true")
    assert code == 4, complaint  # a viewer adds nothing
    [listed] = api.get("/api/tokens/").json()["items"]
    assert punctual.done("tokens", "ls", "-q") == f"{listed['id']}\n"
    punctual.done("tokens", "rm", listed["id"])
    assert other("whoami").code == 4


def test_a_token_may_be_in_a_file(punctual: CommandLine, product: Product, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(punctual.environ["PUNCTUAL_TOKEN"] + "\n")
    other = CommandLine(tmp_path, PUNCTUAL_URL=product.url, PUNCTUAL_TOKEN_FILE=str(file))
    assert other.done("whoami", "-q") == punctual.done("whoami", "-q")
    file.unlink()
    code, _, complaint = other("whoami")
    assert code == 2
    assert complaint.startswith(f"PUNCTUAL_TOKEN_FILE: {file} cannot be read")


def test_a_broken_file_of_logins_is_named(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "punctual" / "logins.json"
    file.parent.mkdir()
    file.write_text("{")
    code, _, complaint = CommandLine(tmp_path)("whoami")
    assert code == 2
    assert "remove it and log in again" in complaint
    assert str(file) in complaint
