"""What pages and API share of HTTP: parameters, filters, paging, caching, limits, errors."""
