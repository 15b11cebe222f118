"""A person with a browser at the provider, without scripts."""

import html
import re

import httpx

FORM = re.compile(r'<form[^>]* action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
MOST_STEPS = 20


def log_in_there(url: str, name: str, *, issuer: str) -> str:
    """Log in and consent at the provider; return where it sends the browser back to."""
    with httpx.Client(timeout=10) as browser:
        answer = browser.get(url)
        for _ in range(MOST_STEPS):
            if answer.is_redirect:
                location = str(answer.url.join(answer.headers["Location"]))
                if not location.startswith(issuer):
                    return location
                answer = browser.get(location)
                continue
            form = FORM.search(answer.text)
            assert form, answer.text
            fields = dict(HIDDEN.findall(form[2]))
            if 'name="login"' in form[2]:
                fields |= {"login": name, "password": "any"}
            answer = browser.post(html.unescape(form[1]), data=fields)
    raise AssertionError(f"no way back from {answer.url}")
