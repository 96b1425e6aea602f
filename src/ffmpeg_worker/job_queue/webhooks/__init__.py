"""Webhooks: messages about the progress and the end of queued jobs, sent to addresses of callers."""
