"""Tables of queued jobs, beside those of the engine."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

jobs = sa.Table(
    "ffw_jobs",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.Text, nullable=False, unique=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, default=1),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("ended_at", sa.Double),
    sa.Column("expires_at", sa.Double),  # a job that has not started by then ends
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("retries", sa.Integer, nullable=False, default=0),
    sa.Column("run", sa.Integer, nullable=False, default=1),  # counts the entries of the job in the engine's queue
    sa.Column("history", sa.JSON, nullable=False, default=list),  # the attempts of this run, as evidence
    sa.Column("executor", sa.Text),  # the worker that runs it
    sa.Column("attempt_token", sa.Text),  # of the attempt that may write; a new attempt has a new one
    sa.Column("body", sa.LargeBinary, nullable=False),  # sealed: it may hold credentials
    sa.Column("body_digest", sa.Text, nullable=False),
    sa.Column("callback", sa.LargeBinary),  # sealed, see `webhooks/callback.py`
    sa.Column("callback_receiver", sa.Text),  # a digest of host and port
    sa.Column("tells_progress", sa.Boolean, nullable=False, default=False),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("metadata", sa.JSON),
    sa.Column("progress", sa.JSON),
    sa.Column("result", sa.LargeBinary),  # sealed: it may hold presigned links
    sa.Column("error", sa.JSON),
    sa.Column("outputs_place", sa.Text),
    sa.Column("outputs_removed", sa.Boolean, nullable=False, default=False),
    sa.Column("parent_id", sa.Text),
    sa.UniqueConstraint("owner", "idempotency_key"),
    sa.Index("ffw_jobs_by_status", "status", "number"),
    sa.Index("ffw_jobs_by_owner", "owner", "number"),
    sa.Index("ffw_jobs_by_parent", "parent_id"),
    sa.Index("ffw_jobs_by_expiry", "expires_at"),
    sa.Index("ffw_jobs_by_end", "ended_at"),
)

steps = sa.Table(
    "ffw_job_steps",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("record", sa.LargeBinary, nullable=False),  # sealed JSON with `result` or `problem`
)

logs = sa.Table(
    "ffw_job_logs",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("command", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("ffw_job_logs_by_job", "job_id", "number"),
)

workers = sa.Table(
    "ffw_workers",
    metadata,
    sa.Column("executor", sa.Text, primary_key=True),
    sa.Column("beat", sa.Integer, nullable=False),  # counts up while the worker lives
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),  # id and start time of its process
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, default=""),  # its folder of jobs, which others may share
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("started_at", sa.Double, nullable=False),
)

sweeps = sa.Table(
    "ffw_sweeps",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # what is swept
    sa.Column("swept_at", sa.Double, nullable=False),
    sa.Column("held_until", sa.Double, nullable=False),  # the clock has jumped, and nothing is removed before
)

deliveries = sa.Table(
    "ffw_webhook_deliveries",
    metadata,
    sa.Column("delivery_id", sa.Text, primary_key=True),  # the `webhook-id` of every try
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("receiver", sa.Text, nullable=False),  # `callback_receiver` of the job
    sa.Column("target", sa.LargeBinary, nullable=False),  # `callback` of the job
    sa.Column("record", sa.JSON, nullable=False),  # of the job at the event: it may run again, or be removed
    sa.Column("result", sa.LargeBinary),  # of the job, sealed
    sa.Column("status", sa.Text, nullable=False),  # pending, delivered, failed
    sa.Column("tries", sa.JSON, nullable=False, default=list),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),  # tries since it was made or repeated
    sa.Column("created_at", sa.Double, nullable=False),
    # Times of the database's clock, which all processes share.
    sa.Column("scheduled_at", sa.Double, nullable=False, default=0.0),  # when `next_try_at` was chosen
    sa.Column("next_try_at", sa.Double, nullable=False, default=0.0),  # 0: at once
    sa.Column("claimed_by", sa.Text),  # the process that sends it
    sa.Column("claimed_until", sa.Double),
    sa.Index("ffw_deliveries_by_job", "job_id"),
    sa.Index("ffw_deliveries_by_due", "status", "next_try_at"),
)
