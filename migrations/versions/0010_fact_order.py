"""Let the newest facts be read page by page: of a province, of one kind, person or object.

Revision 0010, after 0009.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_fact_kind", table_name="fact")
    op.create_index("ix_fact_kind", "fact", ["province_code", "kind", "recorded_at", "id"])
    op.drop_index("ix_fact_object", table_name="fact")
    op.create_index("ix_fact_object", "fact", ["province_code", "object_id", "recorded_at", "id"])
    op.create_index("ix_fact_recorded", "fact", ["province_code", "recorded_at", "id"])
    op.create_index("ix_fact_actor", "fact", ["province_code", "actor_id", "recorded_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_fact_object", table_name="fact")
    op.create_index("ix_fact_object", "fact", ["province_code", "object_id", "recorded_at"])
    op.drop_index("ix_fact_actor", table_name="fact")
    op.drop_index("ix_fact_recorded", table_name="fact")
    op.drop_index("ix_fact_kind", table_name="fact")
    op.create_index("ix_fact_kind", "fact", ["province_code", "kind", "recorded_day"])
