"""Values as people write them: dates, numbers, DOIs, codes of standards. No models, no requests."""
