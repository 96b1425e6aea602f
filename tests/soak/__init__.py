"""A long run of a real worker under load, hostile callers and injected faults: `./run soak`."""
