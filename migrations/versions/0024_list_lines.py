"""What a line of the quarterly lists says beside its group, kept with each obligation.

Gathering it from sightings, types and attempts took four fifths of the time of a list of a million lines.

Revision 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_FILL = """
UPDATE obligation SET
first_seen_on = COALESCE(
  (SELECT c.first_seen_on FROM channel c
   WHERE c.province_code = obligation.province_code AND c.id = obligation.channel_id),
  (SELECT MIN(s.seen_on) FROM sighting s
   WHERE s.province_code = obligation.province_code AND s.entity_id = obligation.entity_id),
  {opened_on}),
subject_types = COALESCE(
  (SELECT {joined}(t.subject_type, ' ') FROM
     (SELECT a.subject_type FROM entry_subject_type a
      WHERE a.province_code = obligation.province_code AND a.entry_id = obligation.entry_id
        AND (obligation.entity_id IS NULL OR EXISTS
             (SELECT 1 FROM entity_type e WHERE e.province_code = obligation.province_code
              AND e.entity_id = obligation.entity_id AND e.subject_type = a.subject_type))
      ORDER BY a.subject_type) t), ''),
tried = COALESCE(
  (SELECT {joined}(CASE WHEN a.way = 'mail' THEN '1' ELSE '0' END || COALESCE(
       '|' || a.way || '|' || {days} || '|'
       || CASE WHEN a.step LIKE 'undone-%' THEN 'taken_back' ELSE a.outcome END || '|'
       || CASE WHEN a.way = 'mail' AND a.outcome = 'not_reached' THEN a.note ELSE '' END, ''), ' ')
   FROM asked_obligation o LEFT JOIN attempt a ON a.province_code = o.province_code AND a.ask_id = o.ask_id
     AND CASE WHEN a.way = 'mail' THEN a.recorded_at >= o.asked_at ELSE a.made_on >= {asked_day} END
   WHERE o.province_code = obligation.province_code AND o.obligation_id = obligation.id), '')
"""
_WORDS = {
    "postgresql": {
        "joined": "STRING_AGG",
        "opened_on": "CAST(timezone('Asia/Ho_Chi_Minh', obligation.opened_at) AS DATE)",
        "days": "CAST(a.made_on - DATE '2000-01-01' AS TEXT)",
        "asked_day": "CAST(timezone('Asia/Ho_Chi_Minh', o.asked_at) AS DATE)",
    },
    "sqlite": {
        "joined": "GROUP_CONCAT",
        "opened_on": "date(obligation.opened_at, '+7 hours')",
        "days": "CAST(CAST(julianday(a.made_on) - julianday('2000-01-01') AS INTEGER) AS TEXT)",
        "asked_day": "date(o.asked_at, '+7 hours')",
    },
}


def upgrade() -> None:
    op.add_column("obligation", sa.Column("subject_types", sa.Text(), nullable=False, server_default=""))
    op.add_column("obligation", sa.Column("first_seen_on", sa.Date(), nullable=False, server_default="9999-12-31"))
    op.add_column("obligation", sa.Column("tried", sa.Text(), nullable=False, server_default=""))
    op.execute(sa.text(_FILL.format(**_WORDS[op.get_bind().dialect.name])))


def downgrade() -> None:
    for name in ("tried", "first_seen_on", "subject_types"):
        op.drop_column("obligation", name)
