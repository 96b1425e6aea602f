"""Plans compositions: ranges of frames for the renderer, the audio mix, and the commands that join them."""
