import os

bind = "0.0.0.0:8000"
workers = int(os.environ.get("WORKERS", "1"))
worker_class = "gevent"
timeout = 30
