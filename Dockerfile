# The call server as an image: `make image`. All that it writes is under /app/var.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /app
RUN python3 -m venv /venv
COPY requirements.txt .
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --requirement requirements.txt \
    && /venv/bin/python -m pip uninstall --yes --quiet setuptools pip \
    && find /venv -name '*.[mp]o' -delete # translations, 16 MB: USE_I18N is off
COPY manage.py .
COPY callserver callserver
COPY calls calls
COPY templates templates
RUN /venv/bin/python manage.py collectstatic --noinput --ignore redoc --verbosity 0 \
    && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash manage.py callserver calls \
    && rm -rf var

FROM ${BASE}
LABEL org.opencontainers.image.title="Callserver" org.opencontainers.image.licenses="MIT"
# A new volume takes the owner of the folder at which it is mounted first.
RUN groupadd --gid 10001 callserver \
    && useradd --uid 10001 --gid callserver --home-dir /app --no-create-home --shell /usr/sbin/nologin callserver \
    && install --directory --mode 0700 --owner callserver --group callserver /app/var /run/database
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
VOLUME /app/var
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-m", "callserver.probe"]
CMD ["gunicorn", "-c", "callserver/gunicorn.conf.py", "callserver.wsgi"]
