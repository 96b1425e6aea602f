"""Plans compositions: the renderer's ranges, the sound, and what joins them."""
