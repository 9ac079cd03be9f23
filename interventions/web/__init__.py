"""What pages and API of interventions share of HTTP: filters, facets, charts by their address."""
