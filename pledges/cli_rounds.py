"""The commands about the quarter: `flask --app wsgi rounds …` and `flask --app wsgi lists …`."""
