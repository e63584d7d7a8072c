"""One module for each folder of the corpus; its ``FILES`` are content by name below that folder."""
