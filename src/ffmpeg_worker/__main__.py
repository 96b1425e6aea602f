"""`python -m ffmpeg_worker`: the same as the command `ffmpeg-worker`."""

from ffmpeg_worker.cli import main

if __name__ == "__main__":
    main()
