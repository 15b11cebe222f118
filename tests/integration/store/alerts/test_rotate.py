"""A change of keys: the URLs and secrets of channels are sealed anew."""

import uuid

from sqlalchemy import Engine, text

from punctual.domain.alerts.channels import INSTALLATION, Part, sealed_name
from punctual.ops.sealing import OpeningKeys, SealingKey, new_pair
from punctual.store.alerts.rotate import reseal_channels
from tests.integration.alert_rows import PRIVATE_KEY, SECRET, new_channel
from tests.support.rows import new_team

START = uuid.UUID(int=0)


def test_channels_are_sealed_for_the_new_key_alone(engine: Engine) -> None:
    team = new_team(engine)
    hook = new_channel(engine, team, url="https://hooks.example.com/x")
    pager = new_channel(engine, None, url="https://pager.example.com/y")
    new_channel(engine, team, to=["ops@example.com"])
    public, private = new_pair()
    new, both = SealingKey(public), OpeningKeys(f"{private},{PRIVATE_KEY}")
    with engine.begin() as connection:
        done = reseal_channels(connection, both, new, after=START)
        assert (done.resealed, done.unopened) == (3, [])
        assert reseal_channels(connection, both, new, after=START).last is None
    alone = OpeningKeys(private)
    for channel, owner, url in (
        (hook, team, "https://hooks.example.com/x"),
        (pager, INSTALLATION, "https://pager.example.com/y"),
    ):
        with engine.connect() as connection:
            row = connection.execute(
                text("SELECT * FROM alert_channels WHERE id = :id"), {"id": channel}
            ).one()
        for part, value in ((Part.URL, url), (Part.SECRET, SECRET)):
            name = sealed_name(channel, part)
            sealed = bytes(getattr(row, part))
            assert alone.open(sealed, key=row.key, team_id=owner, name=name) == value


def test_a_channel_that_no_key_opens_stays_as_it_is(engine: Engine) -> None:
    new_channel(engine, new_team(engine), url="https://hooks.example.com/x")
    public, private = new_pair()
    with engine.begin() as connection:
        done = reseal_channels(connection, OpeningKeys(private), SealingKey(public), after=START)
    assert done.resealed == 0
    assert len(done.unopened) == 1
