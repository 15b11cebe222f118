"""Which services of Apprise a channel may use.

Only those that are reached over HTTP, so that the addresses can be checked, and that read no file:
others show windows, write to the system's log, open sockets of their own, or take keys from paths.
"""

from urllib.parse import parse_qsl, urlsplit

from punctual.domain.alerts.channels import PRINTABLE

SERVICES: dict[str, str] = {
    "bark": "Bark",
    "barks": "Bark",
    "betterstack": "Better Stack",
    "discord": "Discord",
    "dingtalk": "DingTalk",
    "feishu": "Feishu",
    "firehydrant": "FireHydrant",
    "flock": "Flock",
    "form": "a form",
    "forms": "a form",
    "gchat": "Google Chat",
    "github": "GitHub",
    "goalert": "GoAlert",
    "goalerts": "GoAlert",
    "gotify": "Gotify",
    "gotifys": "Gotify",
    "guilded": "Guilded",
    "hassio": "Home Assistant",
    "hassios": "Home Assistant",
    "ifttt": "IFTTT",
    "ilert": "ilert",
    "incidentio": "incident.io",
    "jira": "Jira Service Management",
    "json": "JSON",
    "jsons": "JSON",
    "lark": "Lark",
    "line": "LINE",
    "matrix": "Matrix",
    "matrixs": "Matrix",
    "mmost": "Mattermost",
    "mmosts": "Mattermost",
    "msgbird": "MessageBird",
    "nctalk": "Nextcloud Talk",
    "nctalks": "Nextcloud Talk",
    "notifiarr": "Notifiarr",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "opsgenie": "Opsgenie",
    "pagerduty": "PagerDuty",
    "pagertree": "PagerTree",
    "pbul": "Pushbullet",
    "pover": "Pushover",
    "prowl": "Prowl",
    "pushdeer": "PushDeer",
    "pushdeers": "PushDeer",
    "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat",
    "ryver": "Ryver",
    "schan": "ServerChan",
    "signal": "Signal",
    "signals": "Signal",
    "signl4": "SIGNL4",
    "simplepush": "Simplepush",
    "slack": "Slack",
    "spike": "Spike.sh",
    "splunk": "Splunk On-Call",
    "squadcast": "Squadcast",
    "synology": "Synology Chat",
    "synologys": "Synology Chat",
    "tgram": "Telegram",
    "threema": "Threema Gateway",
    "twilio": "Twilio",
    "twist": "Twist",
    "victorops": "Splunk On-Call",
    "vonage": "Vonage",
    "webex": "Webex",
    "wecombot": "WeCom",
    "workflow": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "wxpusher": "WxPusher",
    "wxteams": "Webex",
    "xml": "XML",
    "xmls": "XML",
    "zulip": "Zulip",
}
"""Schemes of Apprise's URLs, each with the service that it stands for."""

FILES = frozenset({"attach", "file_url", "filename", "keyfile", "subfile", "template"})
"""Parameters that name a file, which Apprise would read where the notifier runs."""

NATIVE = "https"
"""Apprise also knows the addresses that some services give, such as https://hooks.slack.com/…."""


def apprise_fault(url: str) -> str | None:
    """Return why a channel may not have this URL, in a sentence; None when it may.

    Whether the rest of it can be used, Apprise alone knows.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        return PRINTABLE
    try:
        parts = urlsplit(url)
        names = {name.lstrip("+-:").lower() for name, _ in parse_qsl(parts.query)}
    except ValueError:
        return "Must be a URL of Apprise such as slack://TokenA/TokenB/TokenC."
    scheme = parts.scheme
    if scheme != NATIVE and scheme not in SERVICES:
        return (
            f"{scheme or 'A URL without a scheme'}: not among the services that can be used here;"
            " see docs/guide/alerts.md. For mail make a channel of kind email, for a server of"
            " your own one of kind webhook."
        )
    if named := sorted(FILES & names):
        return f"{named[0]}: must not be given: it names a file of the server."
    return None
