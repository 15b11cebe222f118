"""What moves along when a team hands its tasks over, what is in the way, and what will differ."""

from punctual.domain.handover import Along, Uses, what_moves_along

DAYS, OTHER_DAYS = ("UTC", ["2030-01-01"]), ("UTC", ["2030-01-02"])


def test_what_the_new_team_lacks_moves_along() -> None:
    old = Uses("ben", {"days": DAYS, "unused": DAYS}, {"db": 2})
    assert what_moves_along(old, Uses("ops", {}, {})) == Along(["days", "unused"], ["db"])


def test_equal_ones_are_no_obstacle_and_stay() -> None:
    old = Uses("ben", {"days": DAYS}, {"db": 2}, {"days"}, {"db"})
    assert what_moves_along(old, Uses("ops", {"days": DAYS}, {"db": 2})) == Along()


def test_a_different_one_of_the_same_name_is_in_the_way_where_a_task_uses_it() -> None:
    new = Uses("ops", {"days": OTHER_DAYS}, {"db": 5})
    used = what_moves_along(Uses("ben", {"days": DAYS}, {"db": 2}, {"days"}, {"db"}), new)
    assert used.obstacles == [
        (
            "Calendar “days”: ops has another one of this name. Rename one of them, or make them"
            " equal."
        ),
        (
            "Limit for the tag “db”: it is 2 in ben and 5 in ops. Make them equal, or delete one of"
            " them."
        ),
    ]
    assert (used.calendars, used.limits) == ([], [])
    assert what_moves_along(Uses("ben", {"days": DAYS}, {"db": 2}), new) == Along()


def test_a_limit_of_all_runs_stays_and_that_of_the_new_team_holds() -> None:
    along = what_moves_along(Uses("ben", {}, {None: 3}), Uses("ops", {}, {None: 9}))
    assert (along.limits, along.obstacles) == ([], [])
    assert along.warnings == [
        "The limit of 3 for all runs of ben stays: the tasks leave it.",
        "The limit of 9 for all runs of ops will hold for these tasks too.",
    ]


def test_limits_that_hold_for_more_tasks_than_before_are_named() -> None:
    old = Uses("ben", {}, {"db": 2}, tags={"db", "web"})
    new = Uses("ops", {}, {"web": 4, "gpu": 1}, tags={"db"})
    assert what_moves_along(old, new).warnings == [
        (
            "The limit of 2 for the tag “db” moves along, and holds for the tasks that ops has with"
            " this tag as well."
        ),
        "The limit of 4 for the tag “web” of ops will hold for tasks with this tag too.",
    ]
