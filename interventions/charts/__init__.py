"""Charts: each a pure function from rows to a Plotly figure."""
