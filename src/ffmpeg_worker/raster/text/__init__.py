"""Text as pictures: fonts, layout, drawing, and the sources that move it."""
