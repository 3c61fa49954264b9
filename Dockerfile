# docker build -t csghub-runner .
# docker run --read-only --tmpfs /tmp -v runner-data:/data -p 8082:8082 csghub-runner
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# What decides the packages comes first, so that a change of code does not restore them again.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Runner.Engine/Runner.Engine.csproj src/Runner.Engine/
COPY src/EmbeddedCluster/EmbeddedCluster.csproj src/EmbeddedCluster/
COPY src/Web/Web.csproj src/Web/
RUN dotnet restore src/Web/Web.csproj -r linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/') -p:PublishReadyToRun=true
COPY src/ src/
COPY wwwroot/ wwwroot/
# Compiled ahead: the first view of a large cluster should not wait for the compiler.
RUN dotnet publish src/Web/Web.csproj -c Release --no-restore -o /app --no-self-contained -p:PublishReadyToRun=true -r linux-$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/')

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The official chart starts /starhub-bin/starhub deploy runner -l <level>.
RUN mkdir /starhub-bin /data \
    && ln -s /app/Runner.Web /starhub-bin/starhub \
    && chown $APP_UID:$APP_UID /data
COPY --from=build /app /app
# Nothing is written outside the data folder and /tmp: no diagnostics pipe, no extracted files. HOME is for what looks for one.
ENV RUNNER_DATA_DIR=/data \
    HOME=/tmp \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_gcServer=0
WORKDIR /app
USER $APP_UID
VOLUME /data
EXPOSE 8082
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 CMD ["/app/Runner.Web", "healthcheck"]
ENTRYPOINT ["/app/Runner.Web"]
