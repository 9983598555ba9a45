"""The application, built from the environment."""

from pledges.app import create_app

app = create_app()
