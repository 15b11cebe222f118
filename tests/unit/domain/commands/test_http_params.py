"""A parameter stands in a request as one value, whatever it holds."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.commands.http_params import fill_in, names_in, unused_params
from punctual.domain.errors import InvalidParams, InvalidSecret

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def request(**fields: Any) -> dict[str, Any]:
    return {"method": "POST", "url": "https://h.example/", "headers": {}, "body": None, **fields}


def test_values_are_put_in_where_they_are_named() -> None:
    template = request(
        url="https://h.example/days/$PARAM_DAY?full=${PARAM_FULL}x",
        headers={"X-Day": "the $PARAM_DAY"},
        body="day: $PARAM_DAY, $PARAM_DAYS, $HOME, $param_day, PARAM_DAY",
    )
    filled = fill_in(template, {"day": "mon/day", "full": True})
    assert filled["url"] == "https://h.example/days/mon%2Fday?full=truex"
    assert filled["headers"] == {"X-Day": "the mon/day"}
    assert filled["body"] == "day: mon/day, , $HOME, $param_day, PARAM_DAY"
    assert sorted(names_in(template)) == [
        *(("day", "body"), ("day", "headers/X-Day"), ("day", "url")),
        *(("days", "body"), ("full", "url")),
    ]
    assert unused_params(template, ["day", "other"]) == ["other"]


@given(TEXTS)
def test_a_value_changes_nothing_of_a_url_but_where_it_stands(value: str) -> None:
    template = request(url="https://h.example:8/a-$PARAM_X/b?c=$PARAM_X&d=1")
    parts = urlsplit(fill_in(template, {"x": value})["url"])
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "h.example:8", "")
    assert [unquote(step) for step in parts.path.split("/")] == ["", f"a-{value}", "b"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [("c", value), ("d", "1")]


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_leads_to_no_other_path(value: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        fill_in(request(url="https://h.example/files/$PARAM_X/"), {"x": value})
    assert refused.value.pointer == "/x"
    with pytest.raises(InvalidParams):
        fill_in(request(url="https://h.example/files/.$PARAM_X"), {"x": value[1:] or "."})


@given(TEXTS)
def test_no_value_decides_the_host(value: str) -> None:
    with pytest.raises(InvalidParams):
        fill_in(request(url="https://$PARAM_X.example/"), {"x": value})


@given(TEXTS)
def test_a_header_stays_one_header(value: str) -> None:
    template = request(headers={"X-Day": "$PARAM_X"})
    if all(char == "\t" or " " <= char <= "~" for char in value):
        assert fill_in(template, {"x": value})["headers"] == {"X-Day": value}
    else:
        with pytest.raises(InvalidParams):
            fill_in(template, {"x": value})


@given(TEXTS | st.integers() | st.booleans() | st.none())
def test_in_json_a_value_is_a_value_or_the_inside_of_a_string(value: object) -> None:
    body = r'{"a": $PARAM_X, "b": "<$PARAM_X>", "c\"": [${PARAM_X}, 1], "$PARAM_Y": 2}'
    filled = json.loads(fill_in(request(body=body), {"x": value, "y": "key"})["body"])
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    assert filled == {"a": value, "b": f"<{text}>", 'c"': [value, 1], "key": 2}


@given(TEXTS)
def test_in_a_form_a_value_is_that_of_its_field(value: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    filled = fill_in(request(headers=form, body="a=$PARAM_X&b=1"), {"x": value})
    assert parse_qsl(filled["body"], keep_blank_values=True) == [("a", value), ("b", "1")]


def test_the_content_type_says_what_a_body_is() -> None:
    body = '{"a": "$PARAM_X"}'
    text = {"Content-Type": "text/plain"}
    assert fill_in(request(headers=text, body=body), {"x": '"'})["body"] == '{"a": """}'
    problem = {"Content-Type": "application/problem+json"}
    assert fill_in(request(headers=problem, body=body), {"x": '"'})["body"] == r'{"a": "\""}'


SECRET = {"${secret:api}": 'a"b\\c&d', "${secret_file:x/y}": "file"}


def with_secrets(**values: object) -> dict[str, object]:
    request = {"url": "https://example.com/", "headers": {}, "body": None, **values}
    return fill_in(request, {**SECRET, "p": "${secret:api}"})


def test_a_secret_is_one_value_where_it_is_put() -> None:
    filled = with_secrets(
        headers={"A": "Bearer ${secret_file:x/y}", "B": {"secret_file": "x/y"}},
        body='{"a": "${secret:api}", "b": ${secret:api}}',
    )
    assert filled["headers"] == {"A": "Bearer file", "B": "file"}
    assert json.loads(str(filled["body"])) == {"a": 'a"b\\c&d', "b": 'a"b\\c&d'}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert with_secrets(headers=form, body="t=${secret:api}")["body"] == "t=a%22b%5Cc%26d"
    assert with_secrets(body={"secret": "api"})["body"] == 'a"b\\c&d'


def test_values_are_put_in_at_once_so_that_none_is_read_again() -> None:
    assert with_secrets(body="$PARAM_P ${secret_file:x/y}")["body"] == "${secret:api} file"


def test_a_secret_without_a_value_stays_as_it_is() -> None:
    body, headers = "${secret:other} $PARAM_P", {"A": {"secret": "other"}, "B": "${secret:other}"}
    filled = with_secrets(body=body, headers=headers)
    assert filled["body"] == "${secret:other} ${secret:api}"
    assert filled["headers"] == headers
    assert list(names_in({"url": "", "headers": headers, "body": body})) == [("p", "body")]


def test_a_secret_that_no_header_can_hold_is_refused_without_being_shown() -> None:
    request = {"url": "https://x/", "headers": {"A": {"secret": "api"}}, "body": None}
    with pytest.raises(InvalidSecret) as refused:
        fill_in(request, {"${secret:api}": "a\nb"})
    assert refused.value.pointer == "/${secret:api}"
    assert "a\nb" not in str(refused.value)
