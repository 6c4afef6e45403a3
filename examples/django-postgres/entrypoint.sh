#!/bin/sh
set -e

# Without a database the site still starts; the notes answer 503.
if [ -n "$DATABASE_URL" ]; then
    python manage.py migrate --noinput
fi

exec "$@"
