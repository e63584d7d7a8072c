"""PGP through the program ``gpg``: nothing is written to a disk but keys, and these only while a task runs."""
