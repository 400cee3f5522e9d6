"""SQLite files: opening, migrations, transactions, a lock. What is in them is not known here."""
