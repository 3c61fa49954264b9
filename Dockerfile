# docker build -t csghub-runner .
# docker run --read-only --tmpfs /tmp -v runner-data:/data -p 8082:8082 csghub-runner
#
# Other bases, such as a mirror's, are given with --build-arg SDK_IMAGE=… --build-arg RUNTIME_IMAGE=…
# tests/image/build-and-start.sh builds this file and looks at what starts.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0
ARG VERSION=3.0.0

FROM ${SDK_IMAGE} AS build
WORKDIR /source
# What decides the packages comes first, so that a change of code does not restore them again. They are audited where the code is
# built and tested; an image can be built from a mirror that knows nothing of vulnerabilities.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Runner.Engine/Runner.Engine.csproj src/Runner.Engine/
COPY src/EmbeddedCluster/EmbeddedCluster.csproj src/EmbeddedCluster/
COPY src/Web/Web.csproj src/Web/
# Where a folder of packages is mounted, its path there.
ARG NUGET_PACKAGES
RUN dotnet restore src/Web/Web.csproj --use-current-runtime -p:PublishReadyToRun=true -p:NuGetAudit=false
COPY src/ src/
COPY wwwroot/ wwwroot/
ARG VERSION
# Compiled ahead: the first view of a large cluster should not wait for the compiler. What the packages bring is put apart:
# it changes seldom, and who pulls the next version then has it already.
RUN dotnet publish src/Web/Web.csproj -c Release --no-restore --use-current-runtime --no-self-contained -o /app \
        -p:PublishReadyToRun=true -p:Version=${VERSION} -p:GenerateDocumentationFile=false \
    && mkdir -p /packages/wwwroot \
    && find /app -maxdepth 1 -name '*.dll' ! -name 'Runner.*.dll' -exec mv -t /packages {} + \
    && mv /app/wwwroot/_content /packages/wwwroot/ \
    && find /app /packages -exec touch --no-dereference --date=@0 {} +

FROM ${RUNTIME_IMAGE}
# The official chart starts /starhub-bin/starhub deploy runner -l <level>. The data folder is open to the group root too, which
# is that of a process whose user the platform chooses.
RUN mkdir /starhub-bin \
    && ln -s /app/Runner.Web /starhub-bin/starhub \
    && install --directory --owner=${APP_UID} --group=0 --mode=0770 /data
COPY --from=build /packages /app
COPY --from=build /app /app
# Nothing is written outside the data folder and /tmp: no diagnostics pipe, no extracted files. HOME is for what looks for one.
# The port is the runner's own variable's; the base's is taken away, so that nobody is told of two. Two arenas of malloc are enough for
# what is native here, mostly TLS; with eight a core it keeps room in each (docs/benchmarks.md, "An hour under load").
ENV RUNNER_DATA_DIR=/data \
    HOME=/tmp \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_gcServer=0 \
    MALLOC_ARENA_MAX=2 \
    ASPNETCORE_HTTP_PORTS=
ARG VERSION
LABEL org.opencontainers.image.title="CSGHub Runner" \
      org.opencontainers.image.description="Runs what CSGHub asks for in Kubernetes, and shows it in an admin console" \
      org.opencontainers.image.version="${VERSION}"
WORKDIR /app
USER ${APP_UID}
VOLUME /data
EXPOSE 8082 8096
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 CMD ["/app/Runner.Web", "healthcheck"]
ENTRYPOINT ["/app/Runner.Web"]
