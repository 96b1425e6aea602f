"""Fetches the inputs of a job: every input becomes a file under a plain name in the job's own directory."""
