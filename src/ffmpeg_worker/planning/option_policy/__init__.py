"""Which arguments of a caller's ffmpeg command are let in: options, formats, filters and names of files."""
