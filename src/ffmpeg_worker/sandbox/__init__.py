"""The sandbox: kernel confinement of the programs that process callers' files."""
