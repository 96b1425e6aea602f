"""The one path of a job: fetch, plan, execute, verify, deliver. Start reading at `run_job`."""
