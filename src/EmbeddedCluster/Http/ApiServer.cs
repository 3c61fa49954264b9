using System.Collections.Concurrent;
using Runner.EmbeddedCluster.Http.Auth;
using Runner.EmbeddedCluster.Http.Handlers;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>
/// The way of a request through the API server: faults of tests, who asks, what for, may they, and then the answer. It outlives the listening socket,
/// so that a restart of the server keeps objects, tokens and counts.
/// </summary>
internal sealed partial class ApiServer : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<AccessUse, long> _accesses = new();
    private readonly ObjectStore _store;
    private readonly FaultSwitches _faults;
    private readonly TimeProvider _time;
    private readonly ILogger<ApiServer> _logger;
    private readonly Authenticator _authenticator;
    private readonly RbacAuthorizer _authorizer;
    private readonly ResourceHandler _resources;
    private readonly PathHandler _paths;
    private CancellationTokenSource _cut = new();

    public ApiServer(ObjectStore store, Admitter admitter, PodLogStore logs, FaultSwitches faults, string adminToken, TimeProvider time, ILogger<ApiServer> logger)
    {
        (_store, _faults, _time, _logger) = (store, faults, time, logger);
        _authenticator = new Authenticator(adminToken, store, time);
        _authorizer = new RbacAuthorizer(store);
        _paths = new PathHandler(store.Catalog);
        var writes = new WriteHandler(store, admitter, time);
        var deletes = new DeleteHandler(store);
        _resources = new ResourceHandler(store, new ListHandler(store), new WatchHandler(store, faults, time), writes, deletes, new ScaleHandler(store, writes),
            new PodHandler(store, deletes, time), new LogHandler(store, logs, time), new ReviewHandler(store, _authorizer, _authenticator, time), new UsageHandler(store, time));
        faults.WatchesCut += CutLongAnswers;
    }

    /// <summary>Requests answered, by verb and resource.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>What everyone but the administrator wanted to do with resources, and whether they may; without names, so that it stays small.</summary>
    public ICollection<AccessUse> Accesses => _accesses.Keys;

    /// <summary>Ends every watch and log stream now, without a goodbye.</summary>
    public void CutLongAnswers()
    {
        using var old = Interlocked.Exchange(ref _cut, new CancellationTokenSource());
        old.Cancel();
    }

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var info = RequestInfo.Parse(http.Request.Method, path, (string?)http.Request.Query["watch"] is "1" or "true" or "True");
        try
        {
            if (await InjectFaultAsync(http, path))
            {
                return;
            }

            if (_faults.Loses?.Invoke(http.Request.Method, path) == true)
            {
                http.Response.Body = Stream.Null;
                await AnswerAsync(http, info);
                http.Abort();
                return;
            }

            await AnswerAsync(http, info);
        }
        catch (ApiException refusal) when (!http.Response.HasStarted)
        {
            await Answers.WriteFailureAsync(http, refusal);
        }
        catch (OperationCanceledException)
        {
            // The client went away or a test cut the stream: a connection that just ends is what either must see.
            http.Abort();
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            LogFault(fault, http.Request.Method, path);
            await Answers.WriteFailureAsync(http, new ApiException(500, "InternalError", $"Internal error occurred: {fault.Message}"));
        }
    }

    public void Dispose()
    {
        _faults.WatchesCut -= CutLongAnswers;
        CutLongAnswers();
        _cut.Dispose();
    }

    private async Task AnswerAsync(HttpContext http, RequestInfo info)
    {
        var user = _authenticator.Authenticate(http.Request.Headers.Authorization) ?? throw new ApiException(401, "Unauthorized", "Unauthorized");
        var wanted = AccessAttributes.Of(info, http.Request.Query["fieldSelector"]);
        var allowed = _authorizer.Authorize(user, wanted).Allowed;
        if (info.IsResource && user != UserInfo.Admin)
        {
            _accesses.AddOrUpdate(new AccessUse(user.Name, wanted.Verb, wanted.Group, wanted.Resource, wanted.Namespace, allowed), 1, static (_, n) => n + 1);
        }

        if (!allowed)
        {
            throw RbacAuthorizer.Refusal(user, wanted);
        }

        if (info.Path.StartsWith("/embedded/", StringComparison.Ordinal))
        {
            await EmbeddedPaths.HandleAsync(http, _faults, _store, _counts, _time);
            return;
        }

        Count(info);
        if (!info.IsResource)
        {
            await _paths.HandleAsync(http, info);
            return;
        }

        var type = _store.Catalog.Find(info.Group, info.Version, info.Resource) ?? throw ApiErrors.UnknownResource();
        var format = ResponseFormat.Negotiate(info.Subresource == "log" ? null : (string?)http.Request.Headers.Accept);
        await _resources.HandleAsync(new ApiRequest(http, info, type, user, format) { Time = _time, Definition = Definition(type) }, _cut.Token);
    }

    private System.Text.Json.Nodes.JsonObject? Definition(ResourceType type) => type.Custom && !ResourceCatalog.Standard.Contains(type)
        ? _store.Get(new ObjectKey("apiextensions.k8s.io", "customresourcedefinitions", "", type.QualifiedName))?.Json
        : null;

    private void Count(RequestInfo info)
    {
        var what = info.IsResource ? (info.Group.Length == 0 ? info.ResourcePath : $"{info.ResourcePath}.{info.Group}") : info.Path;
        _counts.AddOrUpdate($"{info.Verb} {what}", 1, static (_, n) => n + 1);
    }

    /// <returns>Whether the request is answered with a fault.</returns>
    private async Task<bool> InjectFaultAsync(HttpContext http, string path)
    {
        if (path.StartsWith("/embedded/", StringComparison.Ordinal))
        {
            return false;
        }

        if (_faults.Latency > TimeSpan.Zero)
        {
            await Task.Delay(_faults.Latency, _time, http.RequestAborted);
        }

        var own = _faults.FailsWith?.Invoke(http.Request.Method, path) ?? 0;
        if (own == 0 && (_faults.ErrorRate <= 0 || Random.Shared.NextDouble() >= _faults.ErrorRate) && _faults.Fails?.Invoke(http.Request.Method, path) != true)
        {
            return false;
        }

        var status = own > 0 ? own : _faults.ErrorStatus;
        var reason = status switch { 429 => "TooManyRequests", 503 => "ServiceUnavailable", 504 => "Timeout", 401 => "Unauthorized", 403 => "Forbidden", _ => "InternalError" };
        await Answers.WriteFailureAsync(http, new ApiException(status, reason, "a fault that was switched on for a test")
        {
            Details = new StatusDetails { RetryAfterSeconds = status is 429 or 503 ? 1 : 0 },
        });
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The embedded API server could not answer {Method} {Path}")]
    private partial void LogFault(Exception fault, string method, string path);
}
