"""The HTTP door: translates requests into jobs and what comes of them into responses."""
