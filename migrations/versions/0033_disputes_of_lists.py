"""Disputes that lists open, several requests for one file, and decisions about entries with long ids.

Revision 0033, after 0032.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('waiting', 'granted')")


def upgrade() -> None:
    with op.batch_alter_table("province_decision") as batch:
        batch.alter_column(
            "object_code", existing_type=sa.String(length=20), type_=sa.String(length=40), existing_nullable=False
        )
    op.add_column("dispute", sa.Column("import_id", sa.Uuid(), nullable=True))
    # A request by a stranger kept out that of the signer.
    _open_changes("province_code", "pledge_id", "new_email")


def downgrade() -> None:
    _open_changes("province_code", "pledge_id")
    op.drop_column("dispute", "import_id")
    with op.batch_alter_table("province_decision") as batch:
        batch.alter_column(
            "object_code", existing_type=sa.String(length=40), type_=sa.String(length=20), existing_nullable=False
        )


def _open_changes(*columns: str) -> None:
    op.drop_index("uq_address_change_open", table_name="address_change")
    op.create_index(
        "uq_address_change_open",
        "address_change",
        list(columns),
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
