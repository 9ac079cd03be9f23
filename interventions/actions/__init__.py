"""What changes data, each a validated act that is carried out whole or not at all."""
