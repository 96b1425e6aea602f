"""One descriptor per action: its data, job and result models, and its examples."""
