"""What a job's programs may touch, and how the kernel is made to hold them to it."""
