"""The entry point: `app` for the web server, `huey` for the queue's consumer."""

from eventreg.factory import create_app

app = create_app()
huey = app.extensions["huey"]
