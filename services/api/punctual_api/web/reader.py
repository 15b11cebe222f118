"""The reader of a page: times in the browser's zone, runs as links, free text escaped."""

from datetime import datetime

from flask import url_for
from markupsafe import Markup

from punctual_api.web.formatting import iso, utc_words

TIME = Markup('<time datetime="{iso}" data-show="local" title="{words}">{words}</time>')
LINK = Markup('<a href="{url}">{words}</a>')


class PageReader:
    """Shows the parts of a sentence as HTML; all other words of it are constant."""

    def text(self, value: str) -> str:
        """Return it escaped."""
        return Markup.escape(value)

    def instant(self, at: datetime) -> str:
        """Return it in UTC, which the browser shows in its own zone."""
        return TIME.format(iso=iso(at), words=utc_words(at))

    def due_time(self, at: datetime) -> str:
        """Return it likewise."""
        return self.instant(at)

    def run(self, run_id: str, words: str) -> str:
        """Return a link to its page."""
        return LINK.format(url=url_for("pages.show_run", run_id=run_id), words=words)


PAGE = PageReader()
