"""What FFmpeg's filters measure: the shape of each result, and the reader of the lines that the filter prints."""
