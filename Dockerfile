# syntax=docker/dockerfile:1

# gpt2-server on the CPU, for linux/amd64 and linux/arm64:
#   docker build -t gpt2-server .
# docker/Dockerfile.cuda is the one for NVIDIA GPUs.

# Java 25 is the current release with long-term support: its ahead-of-time cache saves a
# third of the processor time of a start, and virtual threads no longer hold a carrier thread in
# synchronized code.
ARG MAVEN_IMAGE=docker.io/library/maven:3.9-eclipse-temurin-25-noble
ARG JRE_IMAGE=docker.io/library/eclipse-temurin:25-jre-noble

# Built on the platform of the building machine, because bytecode is the same for every target.
FROM --platform=$BUILDPLATFORM ${MAVEN_IMAGE} AS build
ARG TARGETARCH
# For example --offline, or -s and a settings.xml with a mirror.
ARG MAVEN_FLAGS=""
WORKDIR /build
RUN case "$TARGETARCH" in \
      amd64) gnu=x86-64 ;; \
      arm64) gnu=aarch64 ;; \
      *) echo "There is no libtorch for $TARGETARCH: build for linux/amd64 or linux/arm64." >&2; exit 1 ;; \
    esac \
    && apt-get update \
    && apt-get install -y --no-install-recommends "binutils-$gnu-linux-gnu" \
    && rm -rf /var/lib/apt/lists/*
COPY pom.xml ./
COPY .mvn .mvn
COPY models models
COPY src/main src/main
RUN --mount=type=cache,target=/root/.m2 \
    case "$TARGETARCH" in amd64) arch=x86_64 ;; arm64) arch=aarch64 ;; esac \
    && mvn -B -q ${MAVEN_FLAGS} -Dmaven.test.skip=true "-Dlibtorch.platform=linux-$arch" package \
      dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib
COPY docker/prepare-app.sh docker/
RUN docker/prepare-app.sh target/original-gpt2-server-*.jar target/lib "$TARGETARCH" cpu /image

FROM ${JRE_IMAGE} AS runtime
RUN groupadd --gid 10001 gpt2 \
    && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin gpt2 \
    # Group 0 for platforms that choose the user id themselves.
    && install -d -o 10001 -g 0 -m 0775 /models
WORKDIR /app
# Ordered by how often they change: libtorch rarely, the program always.
COPY --from=build /image/native native/
COPY --from=build /image/lib lib/
COPY docker/healthcheck.sh ./
COPY --from=build /image/app ./
ENV PYTORCH_LIBRARY_PATH=/app/native \
    PYTORCH_FLAVOR=cpu \
    RUST_LIBRARY_PATH=/app/native/libtokenizers.so \
    KERNELS_LIBRARY_PATH=/app/native/libgpt2kernels.so \
    GOMP_SPINCOUNT=1000 \
    HF_HUB_CACHE=/models

# Runs on the target's platform, because it starts the server; under emulation that takes minutes.
FROM runtime AS training
# For emulation: options of the JVM, and a command to record instead of the server, such as --version.
ARG JAVA_TOOL_OPTIONS
ARG TRAINING_COMMAND
COPY docker/train-startup.sh ./
RUN ./train-startup.sh /app/gpt2-server.aot ${TRAINING_COMMAND}

FROM runtime
ARG VERSION=0.1.0
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="gpt2-server" \
      org.opencontainers.image.description="Serves pretrained GPT-2 weights: completions, token probabilities, streaming" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=training /app/gpt2-server.aot ./
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# A model from a hub may take minutes to download; until then the container is "starting", not "unhealthy".
HEALTHCHECK --interval=10s --timeout=6s --start-period=10m --retries=3 CMD ["/app/healthcheck.sh"]
# The heap is Java's default, a quarter of the container's memory: weights and caches are native memory.
# JAVA_TOOL_OPTIONS overrides it. Messages of the JVM go to standard error, results of commands have
# standard output for themselves.
ENTRYPOINT ["java", "-XX:AOTCache=/app/gpt2-server.aot", "-Xlog:disable", "-Xlog:all=warning:stderr", "-Djna.boot.library.path=/app/native", "-Dlibrary.jline.path=/app/native", "-jar", "/app/gpt2-server.jar"]
