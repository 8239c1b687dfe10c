"""What every process needs before it can do its own work: settings, connections, logs and the database schema."""
