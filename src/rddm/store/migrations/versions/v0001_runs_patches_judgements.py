"""Runs with their counts, a steward's patches and judgements."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE control.run (
            run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            started_at timestamptz NOT NULL,
            ended_at timestamptz,
            status text NOT NULL CHECK (status IN ('running', 'succeeded', 'source_failed', 'failed', 'killed')),
            lake_snapshot bigint,
            problems jsonb NOT NULL DEFAULT '[]',
            resolution jsonb NOT NULL DEFAULT '{}',
            stage_seconds jsonb NOT NULL DEFAULT '{}'
        );
        COMMENT ON TABLE control.run IS 'One row per run of the pipeline';

        CREATE TABLE control.run_count (
            run_id bigint NOT NULL REFERENCES control.run ON DELETE CASCADE,
            source text NOT NULL,
            entity text NOT NULL,
            counts jsonb NOT NULL,
            PRIMARY KEY (run_id, source, entity)
        );
        COMMENT ON TABLE control.run_count IS 'What a run received, and where every record is at its end';

        CREATE TABLE control.patch (
            patch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            record_id uuid NOT NULL,
            source text NOT NULL,
            entity text NOT NULL,
            key text NOT NULL,
            column_name text NOT NULL,
            before text,
            after text,
            reason text NOT NULL,
            made_by text NOT NULL,
            made_at timestamptz NOT NULL,
            applied_run bigint,
            withdrawn_at timestamptz
        );
        CREATE UNIQUE INDEX patch_one_per_column ON control.patch (record_id, column_name) WHERE withdrawn_at IS NULL;
        COMMENT ON TABLE control.patch IS
            'A steward''s repair of a delivered value. Laid over raw as long as the source still delivers "before"';

        CREATE TABLE control.judgement (
            judgement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            model_entity text NOT NULL,
            record_a uuid NOT NULL,
            record_b uuid NOT NULL,
            verdict text NOT NULL CHECK (verdict IN ('same', 'different')),
            reason text NOT NULL,
            made_by text NOT NULL,
            made_at timestamptz NOT NULL,
            applied_run bigint,
            withdrawn_at timestamptz,
            CHECK (record_a < record_b)
        );
        CREATE UNIQUE INDEX judgement_one_per_pair ON control.judgement (record_a, record_b) WHERE withdrawn_at IS NULL;
        COMMENT ON TABLE control.judgement IS 'A human''s word on two records; it outlives every later run';
        """
    )
