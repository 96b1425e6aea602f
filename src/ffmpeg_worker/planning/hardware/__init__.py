"""Rewrite commands for software encoders so that an NVIDIA GPU encodes. Entry point: `plan_on_gpu`."""
