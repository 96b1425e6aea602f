"""Sources of video, images, SVG, shapes and waveforms."""
