"""Compare two videos: pair, align and score them with libvmaf. Pure."""
