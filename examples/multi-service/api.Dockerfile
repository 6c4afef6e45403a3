FROM python:3.11

WORKDIR /app

COPY shared ./shared
COPY api ./api
RUN pip install ./shared
RUN pip install -r api/requirements.txt

# the worker mounts the same volume
ENV SPOOL_DIR /data
RUN mkdir -p /data
VOLUME /data

EXPOSE 8080
CMD gunicorn -b 0.0.0.0:8080 -w 2 --access-logfile - api.app:app
