#!/bin/sh
exec gunicorn --config gunicorn.conf.py "service:create_app()"
