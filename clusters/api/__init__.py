"""The read API over what is published. `config.urls` puts it under /api/v1/."""
