"""What follows from codings and accounts: pure functions over plain rows."""
