"""Values that a field of a composition may have, by name; scenes use the same names."""

from __future__ import annotations

from typing import Literal

Fit = Literal["cover", "contain", "contain-blur", "fill", "none", "scale-down"]
WaveformLook = Literal["bars", "line"]
TextAlign = Literal["left", "center", "right", "justify", "start", "end"]
VerticalAlign = Literal["top", "center", "bottom"]
Direction = Literal["auto", "ltr", "rtl"]
TextTransform = Literal["none", "uppercase", "lowercase", "capitalize"]
TextWrap = Literal["balance", "greedy"]
HighlightMode = Literal["word", "fill", "appear"]
AnimationName = Literal["fade", "typewriter", "slide-up", "slide-down", "pop", "wave"]
AnimationUnit = Literal["letter", "word", "line"]
ShapeName = Literal["rect", "ellipse", "line", "polygon", "star", "path"]
