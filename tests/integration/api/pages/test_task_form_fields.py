"""The form of a task has a control for each of its fields."""

import re

from punctual_api.tasks.pages.form import BLANK
from tests.integration.api.pages.visitor import Visitor


def test_the_form_has_a_control_for_each_field(ann: Visitor) -> None:
    html = ann.get("/task/create/").text
    controls = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([a-z_]+)"', html))
    assert set(BLANK) <= controls
