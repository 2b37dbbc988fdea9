# The workbench in a container, for the CPU or for CUDA; docs/scaling.md says how it is built and run.
#
#   docker build --target cpu -t asr-workbench .
#   docker build --target cuda -t asr-workbench:cuda .
#
# Building needs a package index (pip's own settings come in as build arguments); running needs no network at all.

FROM python:3.11.13-slim-bookworm AS cpu-build
# Which torch: `torch==2.13.0+cpu` with an index that has it makes an image some gigabytes smaller.
ARG TORCH="torch>=2.6"
ARG EXTRAS="builtin,speakers,denoise,sherpa"
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
RUN python -m venv /opt/workbench && /opt/workbench/bin/pip install --no-cache-dir "${TORCH}"
COPY pyproject.toml README.md ./
COPY workbench ./workbench
COPY eval_sets ./eval_sets
RUN /opt/workbench/bin/pip install --no-cache-dir ".[${EXTRAS}]"

FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 AS cuda-build
ARG TORCH="torch>=2.6"
ARG EXTRAS="builtin,speakers,denoise,sherpa"
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
# The distribution keeps one version of Python at a time: a pinned one is gone with the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python3 -m venv /opt/workbench && /opt/workbench/bin/pip install --no-cache-dir "${TORCH}"
COPY pyproject.toml README.md ./
COPY workbench ./workbench
COPY eval_sets ./eval_sets
RUN /opt/workbench/bin/pip install --no-cache-dir ".[${EXTRAS}]"

# CTranslate2 takes cuBLAS and cuDNN from this image; torch brings its own.
FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 AS cuda
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home workbench \
 && install -d -o workbench -g workbench -m 0700 /data
COPY --from=cuda-build /opt/workbench /opt/workbench
COPY docker/entrypoint.sh docker/health.py /opt/workbench/container/
ENV PATH=/opt/workbench/bin:$PATH WORKBENCH_HOME=/data PYTHONUNBUFFERED=1 NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s CMD ["python", "/opt/workbench/container/health.py"]
ENTRYPOINT ["sh", "/opt/workbench/container/entrypoint.sh"]
CMD ["serve"]

# The last target is what `docker build` makes without being told.
FROM python:3.11.13-slim-bookworm AS cpu
RUN useradd --uid 10001 --create-home workbench && install -d -o workbench -g workbench -m 0700 /data
COPY --from=cpu-build /opt/workbench /opt/workbench
COPY docker/entrypoint.sh docker/health.py /opt/workbench/container/
ENV PATH=/opt/workbench/bin:$PATH WORKBENCH_HOME=/data PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s CMD ["python", "/opt/workbench/container/health.py"]
ENTRYPOINT ["sh", "/opt/workbench/container/entrypoint.sh"]
CMD ["serve"]
