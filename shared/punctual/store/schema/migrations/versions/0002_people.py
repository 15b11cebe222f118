"""Who made, changed and started what; admins, and users who may not log in any more.

The services of release 0.1.0 go on writing: every new column is null or has a default.
"""

from alembic import op

revision = "0002_people"
down_revision = "0001_initial"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE tasks ADD created_by uuid, ADD updated_by uuid;
ALTER TABLE runs ADD triggered_by uuid;
ALTER TABLE users ADD is_admin boolean NOT NULL DEFAULT false, ADD disabled_at timestamptz;
"""

FIRST_USER_IS_ADMIN = """
UPDATE users SET is_admin = true
WHERE id = (SELECT id FROM users ORDER BY created_at, id LIMIT 1)
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(FIRST_USER_IS_ADMIN)
