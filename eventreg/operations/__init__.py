"""Running the service: health, the invariants, the server, migrations."""
