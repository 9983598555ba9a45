"""The register: imports, reports of communes and citizens, decisions, duplicates, paper pledges, institutions.

Revision 0006, after 0005. New columns of old tables have defaults, so that rows that are there stay valid.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_columns",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_fold", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_source_columns")),
        sa.UniqueConstraint(
            "province_code",
            "agency_code",
            "purpose",
            "source_fold",
            name=op.f("uq_source_columns_province_code_agency_code_purpose_source_fold"),
        ),
    )
    op.create_table(
        "work_proof",
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_work_proof")),
    )
    op.create_table(
        "import",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_fold", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("sheets", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("header_row", sa.Integer(), nullable=False),
        sa.Column("headings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("mapping", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("totals", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("work_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_import_province_code_agency_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_import")),
    )
    op.create_index("ix_import_agency", "import", ["province_code", "agency_code", "started_at"], unique=False)
    op.create_table(
        "institution",
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_fold", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("focal_name", sa.Text(), nullable=False),
        sa.Column("focal_email", sa.String(length=254), nullable=False),
        sa.Column("focal_phone", sa.Text(), nullable=False),
        sa.Column("focal_token_sha256", sa.String(length=64), nullable=True),
        sa.Column("focal_token_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("join_code", sa.String(length=20), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_institution_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "commune_code"],
            ["commune.province_code", "commune.code"],
            name=op.f("fk_institution_province_code_commune_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_institution")),
        sa.UniqueConstraint("focal_token_sha256", name=op.f("uq_institution_focal_token_sha256")),
        sa.UniqueConstraint("join_code", name=op.f("uq_institution_join_code")),
    )
    op.create_index("ix_institution_agency", "institution", ["province_code", "agency_code", "name_fold"], unique=False)
    op.create_table(
        "tip",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=20), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("pictures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "agency_code"],
            ["agency.province_code", "agency.code"],
            name=op.f("fk_tip_province_code_agency_code"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "commune_code"],
            ["commune.province_code", "commune.code"],
            name=op.f("fk_tip_province_code_commune_code"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_tip")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_tip_code_hash")),
    )
    op.create_index("ix_tip_address", "tip", ["province_code", "address"], unique=False)
    op.create_index("ix_tip_queue", "tip", ["province_code", "agency_code", "state", "sent_at"], unique=False)
    op.create_index("ix_tip_reporter", "tip", ["province_code", "staff_id", "sent_at"], unique=False)
    op.create_table(
        "bound_seller",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_bound_seller_province_code_entity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "platform_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_bound_seller_province_code_platform_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_bound_seller")),
        sa.UniqueConstraint(
            "province_code",
            "platform_id",
            "entity_id",
            name=op.f("uq_bound_seller_province_code_platform_id_entity_id"),
        ),
    )
    op.create_table(
        "duplicate_pair",
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "first_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_duplicate_pair_province_code_first_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "second_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_duplicate_pair_province_code_second_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_duplicate_pair")),
        sa.UniqueConstraint(
            "province_code", "first_id", "second_id", name=op.f("uq_duplicate_pair_province_code_first_id_second_id")
        ),
    )
    op.create_index("ix_duplicate_pair_second", "duplicate_pair", ["province_code", "second_id"], unique=False)
    op.create_index("ix_duplicate_pair_state", "duplicate_pair", ["province_code", "state", "score"], unique=False)
    op.create_table(
        "entity_merge",
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("moved", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "kept_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_entity_merge_province_code_kept_id"),
        ),
        sa.ForeignKeyConstraint(
            ["province_code", "merged_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_entity_merge_province_code_merged_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_entity_merge")),
    )
    op.create_index("ix_entity_merge_kept", "entity_merge", ["province_code", "kept_id"], unique=False)
    op.create_index("ix_entity_merge_merged", "entity_merge", ["province_code", "merged_id"], unique=False)
    op.create_table(
        "former_name",
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_fold", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_former_name_province_code_entity_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_former_name")),
        sa.UniqueConstraint(
            "province_code", "entity_id", "name_fold", name=op.f("uq_former_name_province_code_entity_id_name_fold")
        ),
    )
    op.create_table(
        "import_row",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("parsed", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("other_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("other_province", sa.String(length=2), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["province_code", "import_id"],
            ["import.province_code", "import.id"],
            name=op.f("fk_import_row_province_code_import_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "import_id", "number", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_entity", "import_row", ["province_code", "entity_id"], unique=False)
    op.create_index(
        "ix_import_row_outcome", "import_row", ["province_code", "import_id", "outcome", "number"], unique=False
    )
    op.create_table(
        "institution_member",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_fold", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("detail_fold", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("pledge_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "institution_id"],
            ["institution.province_code", "institution.id"],
            name=op.f("fk_institution_member_province_code_institution_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_institution_member")),
        sa.UniqueConstraint(
            "province_code",
            "institution_id",
            "name_fold",
            "detail_fold",
            name=op.f("uq_institution_member_province_code_institution_id_name_fold_detail_fold"),
        ),
    )
    op.create_index("ix_institution_member_pledge", "institution_member", ["province_code", "pledge_id"], unique=False)
    op.create_table(
        "search_document",
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("handles", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_search_document_province_code_entity_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "entity_id", name=op.f("pk_search_document")),
        sa.UniqueConstraint("number", name=op.f("uq_search_document_number")),
    )
    op.create_table(
        "unread_value",
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "entity_id"],
            ["entity.province_code", "entity.id"],
            name=op.f("fk_unread_value_province_code_entity_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_unread_value")),
        sa.UniqueConstraint(
            "province_code",
            "entity_id",
            "kind",
            "typed",
            name=op.f("uq_unread_value_province_code_entity_id_kind_typed"),
        ),
    )
    op.create_index("ix_unread_value_import", "unread_value", ["province_code", "import_id"], unique=False)
    op.create_table(
        "obligation_decision",
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "obligation_id"],
            ["obligation.province_code", "obligation.id"],
            name=op.f("fk_obligation_decision_province_code_obligation_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_obligation_decision")),
    )
    op.create_index(
        "ix_obligation_decision_obligation",
        "obligation_decision",
        ["province_code", "obligation_id", "decided_at"],
        unique=False,
    )
    op.create_table(
        "scope_proposal",
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("from_agency", sa.String(length=20), nullable=False),
        sa.Column("to_agency", sa.String(length=20), nullable=False),
        sa.Column("in_scope", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["province_code", "obligation_id"],
            ["obligation.province_code", "obligation.id"],
            name=op.f("fk_scope_proposal_province_code_obligation_id"),
        ),
        sa.PrimaryKeyConstraint("province_code", "id", name=op.f("pk_scope_proposal")),
    )
    op.create_index("ix_scope_proposal_agency", "scope_proposal", ["province_code", "to_agency", "state"], unique=False)
    op.create_index(
        "uq_scope_proposal_open",
        "scope_proposal",
        ["province_code", "obligation_id", "from_agency"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.add_column("channel", sa.Column("dead_since", sa.Date(), nullable=True))
    op.add_column("contact", sa.Column("formal", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("contact", sa.Column("holder", sa.Text(), nullable=False, server_default=""))
    op.add_column("contact", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("draft", sa.Column("assisted_by", sa.Uuid(), nullable=True))
    op.add_column("draft", sa.Column("assisted_province", sa.String(length=2), nullable=True))
    op.add_column("draft", sa.Column("institution_id", sa.Uuid(), nullable=True))
    op.add_column("entity", sa.Column("name_key", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_entity_merged", "entity", ["province_code", "merged_into"], unique=False)
    op.create_index("ix_entity_name_key", "entity", ["province_code", "name_key"], unique=False)
    op.add_column("obligation", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.add_column("pledge", sa.Column("origin", sa.String(length=32), nullable=False, server_default="online"))
    op.add_column("pledge", sa.Column("paper_number", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "pledge", sa.Column("pictures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False, server_default="[]")
    )
    op.add_column("pledge", sa.Column("recorded_by", sa.Uuid(), nullable=True))
    op.add_column("pledge", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.add_column("pledge", sa.Column("institution_id", sa.Uuid(), nullable=True))
    op.create_index("ix_pledge_import", "pledge", ["province_code", "import_id"], unique=False)
    op.create_index("ix_pledge_institution", "pledge", ["province_code", "institution_id"], unique=False)
    op.add_column("sighting", sa.Column("source_name", sa.Text(), nullable=False, server_default=""))
    op.add_column("sighting", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.add_column("sighting", sa.Column("tip_id", sa.Uuid(), nullable=True))
    op.add_column("sighting", sa.Column("staff_id", sa.Uuid(), nullable=True))
    op.add_column("sighting", sa.Column("link", sa.Text(), nullable=False, server_default=""))
    op.add_column("sighting", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("sighting", sa.Column("picture_sha256", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("ix_sighting_entity", "sighting", ["province_code", "entity_id", "seen_on"], unique=False)
    op.create_index("ix_sighting_import", "sighting", ["province_code", "import_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sighting_import", table_name="sighting")
    op.drop_index("ix_sighting_entity", table_name="sighting")
    op.drop_column("sighting", "picture_sha256")
    op.drop_column("sighting", "note")
    op.drop_column("sighting", "link")
    op.drop_column("sighting", "staff_id")
    op.drop_column("sighting", "tip_id")
    op.drop_column("sighting", "import_id")
    op.drop_column("sighting", "source_name")
    op.drop_index("ix_pledge_institution", table_name="pledge")
    op.drop_index("ix_pledge_import", table_name="pledge")
    op.drop_column("pledge", "institution_id")
    op.drop_column("pledge", "import_id")
    op.drop_column("pledge", "recorded_by")
    op.drop_column("pledge", "pictures")
    op.drop_column("pledge", "paper_number")
    op.drop_column("pledge", "origin")
    op.drop_column("obligation", "import_id")
    op.drop_index("ix_entity_name_key", table_name="entity")
    op.drop_index("ix_entity_merged", table_name="entity")
    op.drop_column("entity", "name_key")
    op.drop_column("draft", "institution_id")
    op.drop_column("draft", "assisted_province")
    op.drop_column("draft", "assisted_by")
    op.drop_column("contact", "ended_at")
    op.drop_column("contact", "holder")
    op.drop_column("contact", "formal")
    op.drop_column("channel", "dead_since")
    op.drop_index(
        "uq_scope_proposal_open",
        table_name="scope_proposal",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_scope_proposal_agency", table_name="scope_proposal")
    op.drop_table("scope_proposal")
    op.drop_index("ix_obligation_decision_obligation", table_name="obligation_decision")
    op.drop_table("obligation_decision")
    op.drop_index("ix_unread_value_import", table_name="unread_value")
    op.drop_table("unread_value")
    op.drop_table("search_document")
    op.drop_index("ix_institution_member_pledge", table_name="institution_member")
    op.drop_table("institution_member")
    op.drop_index("ix_import_row_outcome", table_name="import_row")
    op.drop_index("ix_import_row_entity", table_name="import_row")
    op.drop_table("import_row")
    op.drop_table("former_name")
    op.drop_index("ix_entity_merge_merged", table_name="entity_merge")
    op.drop_index("ix_entity_merge_kept", table_name="entity_merge")
    op.drop_table("entity_merge")
    op.drop_index("ix_duplicate_pair_state", table_name="duplicate_pair")
    op.drop_index("ix_duplicate_pair_second", table_name="duplicate_pair")
    op.drop_table("duplicate_pair")
    op.drop_table("bound_seller")
    op.drop_index("ix_tip_reporter", table_name="tip")
    op.drop_index("ix_tip_queue", table_name="tip")
    op.drop_index("ix_tip_address", table_name="tip")
    op.drop_table("tip")
    op.drop_index("ix_institution_agency", table_name="institution")
    op.drop_table("institution")
    op.drop_index("ix_import_agency", table_name="import")
    op.drop_table("import")
    op.drop_table("work_proof")
    op.drop_table("source_columns")
