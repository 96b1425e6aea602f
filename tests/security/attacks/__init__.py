"""What hostile callers and hostile files try, in tables: one row an attack."""
