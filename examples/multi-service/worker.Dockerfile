FROM python:3.11
MAINTAINER Orders Team <orders@example.com>

ADD . /app
WORKDIR /app
RUN cd /app && pip install ./shared
RUN pip install -r worker/requirements.txt

ENV SPOOL_DIR /data
RUN mkdir -p /data
VOLUME /data

HEALTHCHECK CMD ["pgrep", "-f", "python -m worker"]

ENTRYPOINT ["python", "-m", "worker"]
# docker run IMAGE --poll 0.5 checks more often
CMD ["--poll", "2"]
