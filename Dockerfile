# Outlay in a container: `docker build -t outlay .`; compose.yaml runs it beside PostgreSQL, Redis and Ollama.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.txt .
# All wheels but one of pure Python, which has none.
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      --only-binary :all: --no-binary crontab -r requirements.txt

FROM python:3.11-slim
RUN groupadd --gid 10001 outlay \
 && useradd --uid 10001 --gid outlay --no-create-home --home-dir /data --shell /usr/sbin/nologin outlay \
 && install -d -o outlay -g outlay -m 700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN /venv/bin/python -m compileall -q .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OUTLAY_DATA_DIR=/data \
    OUTLAY_HOST=0.0.0.0 \
    OUTLAY_PORT=8000
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["python", "-m", "config.processes.probe"]
# Web server and worker together, on SQLite unless DATABASE_URL is set. One by one: `prepare`, then `web` and `work`.
ENTRYPOINT ["python", "manage.py"]
CMD ["serve"]
