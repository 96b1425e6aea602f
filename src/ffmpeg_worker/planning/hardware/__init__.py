"""Commands for software encoders, mapped onto the encoders of an NVIDIA card. Pure: values in, values out."""
