"""How fast we are beside a bare Flask application doing the same work, in the same run."""
