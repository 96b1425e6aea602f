"""One planner per action: which files a job needs, and which commands do it."""
