"""Who took a judgement back, and why."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE control.judgement
            ADD COLUMN withdrawn_by text,
            ADD COLUMN withdrawn_reason text;
        """
    )
