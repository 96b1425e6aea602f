"""Remote sources whose bytes are fetched when they are read, into a sparse file of the source's full length."""
