# syntax=docker/dockerfile:1
# The product as an image: `docker build -t pledges .`; docs/install.md, chapter 12, says how it is run.
#
# The base is named by its version. To have exactly the same bytes each time, look its digest up once where the registry
# can be reached (`docker buildx imagetools inspect python:3.11-slim-bookworm`) and build with
# `--build-arg BASE=python:3.11-slim-bookworm@sha256:…`. The packages are pinned by their hashes in any case.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
WORKDIR /opt/pledges
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt ./
# Pillow, lxml, cryptography and granian come as wheels; one package comes as source and is pure Python.
RUN python -m venv .venv && .venv/bin/python -m pip install --require-hashes --no-deps -r requirements.txt \
    && .venv/bin/python -m pip check

FROM ${BASE}
# Numbers that a host can name: what is mounted has to belong to them. 10000 is the group that web and worker share.
RUN groupadd --gid 10000 pledges && groupadd --gid 10003 pledges-keys \
    && useradd --uid 10001 --gid pledges --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pledges-web \
    && useradd --uid 10002 --gid pledges --groups pledges-keys --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin pledges-worker \
    && install -d -o 10002 -g 10000 -m 2770 /var/lib/pledges /var/lib/pledges/storage /var/lib/pledges/var
WORKDIR /opt/pledges
COPY --from=packages /opt/pledges/.venv .venv
COPY wsgi.py ./
COPY pledges pledges
COPY migrations migrations
COPY templates templates
COPY static static
RUN .venv/bin/python -m compileall -q pledges migrations
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/pledges/.venv/bin:$PATH \
    PLEDGES_ENV=production PLEDGES_STORAGE=/var/lib/pledges/storage PLEDGES_VAR=/var/lib/pledges/var
# Never root; the worker is started as 10002:10000 with the group 10003, which opens the keys.
USER 10001:10000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Two threads each: a proxy has to stand in front, which takes slow visitors off them. The socket must not be public.
CMD ["sh", "-c", "umask 007 && exec granian --interface wsgi --host 0.0.0.0 --port 8000 --workers ${WORKERS:-2} --respawn-failed-workers --workers-kill-timeout 20 --blocking-threads 2 --no-ws --no-access-log --log-level warning wsgi:app"]
