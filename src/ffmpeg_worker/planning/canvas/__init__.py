"""How a composition is made by commands: pure, as all of planning."""
