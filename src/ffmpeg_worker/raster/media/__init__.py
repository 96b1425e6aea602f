"""What elements show of files, and shapes: video, images, SVG, waveforms, each as a `Source`."""
