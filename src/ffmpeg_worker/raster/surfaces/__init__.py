"""Pixel surfaces: blending and transforming bitmaps in YUV and RGBA."""
