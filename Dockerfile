# The worker as an image: RunPod's serverless worker (the default) or the HTTP API (--target api). docs/deploy.md
#
# One image is for machines with and without a GPU: FFmpeg loads NVIDIA's driver, which the host lends, and needs
# nothing of CUDA's own libraries. BASE is there for an FFmpeg of yours that does, and to pin a digest.
ARG BASE=debian:13.7-slim

FROM ${BASE} AS build
ARG DEBIAN_FRONTEND=noninteractive
# The distribution's Python, so that fixes of its libraries come with those of everything else.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/ffmpeg-worker
ENV PATH=/opt/ffmpeg-worker/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# FFmpeg first and alone: it is most of the download and changes least.
ARG IMAGEIO_FFMPEG=0.8.1
RUN pip install "imageio-ffmpeg==${IMAGEIO_FFMPEG}"
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
# The dependencies before the code, so that an edit of the code installs nothing anew. There is no compiler here:
# what has no wheel for this Python should be named, not tried.
# hadolint ignore=DL3013
RUN mkdir -p src/ffmpeg_worker \
    && echo '__version__ = "0"' >src/ffmpeg_worker/__init__.py \
    && pip install --only-binary :all: . \
    && pip uninstall -y ffmpeg-worker
COPY src src
COPY examples/canvas examples/canvas
RUN pip install --no-deps . && pip check && pip uninstall -y pip

FROM ${BASE} AS worker
ARG DEBIAN_FRONTEND=noninteractive
# Fonts for drawtext, subtitles and compositions in most scripts. tini is process 1: it ends what the worker leaves behind.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates fontconfig fonts-dejavu-core fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core \
        python3 tini tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin worker \
    && install -d -g worker -m 0775 /data /scratch /state
COPY --from=build /opt/ffmpeg-worker /opt/ffmpeg-worker
COPY runpod /app/runpod
ENV PATH=/opt/ffmpeg-worker/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ENV=production \
    FFMPEG_WORKER_SCRATCH_ROOT=/scratch \
    FFMPEG_WORKER_STATE_ROOT=/state \
    RUNPOD_LOG_LEVEL=INFO \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video
# The data root is "data" in the current folder, so /data; where RunPod mounts a network volume, that is used instead.
WORKDIR /
# The build ends here if the embedded FFmpeg does not start on this base, or is none for this processor.
RUN ffmpeg="$(python3 -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" \
    && "$ffmpeg" -v error -f lavfi -i testsrc2=size=64x64:duration=0.2 -vf drawtext=text=ok -c:v libx264 -f null - \
    && FFMPEG_WORKER_SANDBOX=off ffmpeg-worker doctor \
    && rm -rf /scratch/* /data/* /tmp/*
VOLUME ["/data", "/scratch", "/state"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="FFmpeg Worker" \
    org.opencontainers.image.description="Turns a JSON job into media: FFmpeg behind HTTP, RunPod and the terminal." \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# Root gives each job a user of its own; `--user worker` runs all of them as one (docs/deploy.md).
ENTRYPOINT ["/usr/bin/tini", "--"]

FROM worker AS api
# Reachable from outside the container, so it starts with FFMPEG_WORKER_API_KEYS only.
ENV FFMPEG_WORKER_HOST=0.0.0.0 PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
CMD ["ffmpeg-worker", "serve"]

FROM worker AS runpod
# RunPod is told by the worker itself whether it is healthy.
HEALTHCHECK NONE
CMD ["python3", "-u", "/app/runpod/handler.py"]
