"""Reports from what the evidence log holds: `model` says what is in one, `page` and `document` write it as HTML and JSON."""
