"""Jobs, their inputs and their results as pure values, without I/O."""
