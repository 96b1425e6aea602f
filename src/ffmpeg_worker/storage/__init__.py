"""Where inputs come from and outputs go: one seam, one file for each kind of store."""
