"""People who were erased: proofs without data, and what keeps their records from coming back."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE control.erasure (
            erasure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            state text NOT NULL CHECK (state IN ('begun', 'removed', 'done')),
            model_entity text NOT NULL,
            subject text NOT NULL,
            reason text NOT NULL,
            made_by text NOT NULL,
            made_at timestamptz NOT NULL,
            done_at timestamptz,
            places jsonb NOT NULL,
            counts jsonb NOT NULL,
            work jsonb NOT NULL DEFAULT '{}',
            version text NOT NULL,
            secret_check text NOT NULL,
            unfinished jsonb,
            lifted_at timestamptz,
            lifted_by text,
            lifted_reason text,
            CHECK ((state = 'begun') = (unfinished IS NOT NULL))
        );
        CREATE INDEX erasure_subject ON control.erasure (subject);
        COMMENT ON TABLE control.erasure IS
            'The proof that somebody was erased, without data: when, by whom, why, how many records, keyed hashes of ids';
        COMMENT ON COLUMN control.erasure.subject IS 'HMAC-SHA256 of the golden id';
        COMMENT ON COLUMN control.erasure.unfinished IS 'What is still to be removed; empty as soon as it is';

        CREATE TABLE control.suppression (
            erasure_id bigint NOT NULL REFERENCES control.erasure ON DELETE CASCADE,
            source text NOT NULL,
            entity text NOT NULL,
            digest text NOT NULL,
            PRIMARY KEY (erasure_id, digest)
        );
        CREATE INDEX suppression_digest ON control.suppression (digest);
        COMMENT ON TABLE control.suppression IS
            'Records that are not taken in again: HMAC-SHA256 of the record id, which is derived from source, entity and key';

        CREATE TABLE control.erasure_secret (
            only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
            secret bytea NOT NULL
        );
        COMMENT ON TABLE control.erasure_secret IS
            'The key of the hashes, unless RDDM_ERASURE_SECRET holds one. Who has it can tell whether a known record was erased';
        """
    )
