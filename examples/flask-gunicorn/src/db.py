"""Access to the articles table in PostgreSQL."""

from contextlib import closing

import psycopg2
from psycopg2.extras import RealDictCursor

import config


class Unavailable(Exception):
    """The database is not configured, or could not be asked."""


def query(sql, params=()):
    """Return the rows of one read-only statement as dictionaries."""
    if not config.DATABASE_URL:
        raise Unavailable("DATABASE_URL is not set")
    try:
        with closing(psycopg2.connect(config.DATABASE_URL, connect_timeout=2)) as conn:
            conn.set_session(readonly=True)
            with conn.cursor(cursor_factory=RealDictCursor) as cursor:
                cursor.execute(sql, params)
                return [dict(row) for row in cursor.fetchall()]
    except psycopg2.Error as err:
        raise Unavailable(str(err).strip()) from err


def is_up():
    """Tell whether the database answers."""
    try:
        query("SELECT 1 AS one")
    except Unavailable:
        return False
    return True
