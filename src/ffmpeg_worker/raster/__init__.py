"""Pictures from scenes: text, images, video frames and how they come together. Runs in a confined child."""
