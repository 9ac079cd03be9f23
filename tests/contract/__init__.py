"""The API as a program meets it: a running server, its description, and what is made of that."""
