"""The driver: what adapts SQLAlchemy and psycopg2 to short transactions."""
