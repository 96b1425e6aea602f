"""Durable jobs: they are stored, run by any worker that shares the database, watched, cancelled and repeated."""
