"""The API of what was tried and what came of it."""
