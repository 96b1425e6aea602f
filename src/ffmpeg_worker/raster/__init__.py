"""The renderer, a program that runs in a confined child process: draws the frames of scenes."""
