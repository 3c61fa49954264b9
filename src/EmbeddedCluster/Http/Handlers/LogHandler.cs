using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Reads and follows the logs of a pod's containers.</summary>
internal sealed class LogHandler(ObjectStore store, PodLogStore logs, TimeProvider time)
{
    private static readonly string[] StatusFields = ["containerStatuses", "initContainerStatuses"];

    public async Task HandleAsync(ApiRequest request, CancellationToken cut)
    {
        var pod = store.Get(request.Key) ?? throw ApiErrors.NotFound("", "pods", request.Info.Name ?? "");
        var options = LogOptions.Read(request, time.GetUtcNow());
        var container = Container(pod, request.Query("container"));
        var response = request.Http.Response;
        if (string.IsNullOrEmpty((string?)pod.Json["spec"]?["nodeName"]))
        {
            response.StatusCode = 204;
            return;
        }

        CheckStarted(pod, container, options.Previous);
        if (!options.Previous && !logs.Has(pod.Uid, container))
        {
            var node = (string?)pod.Json["spec"]!["nodeName"];
            throw new ApiException(500, "",
                $"Get \"https://{node}:10250/containerLogs/{pod.Key.Namespace}/{pod.Key.Name}/{container}\": dial tcp: lookup {node} on 10.43.0.10:53: no such host");
        }

        response.StatusCode = 200;
        response.ContentType = "text/plain";
        response.Headers.CacheControl = "no-cache, private";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, cut);
        await WriteAsync(request, pod, container, options, ended.Token);
    }

    private async Task WriteAsync(ApiRequest request, StoredObject pod, string container, LogOptions options, CancellationToken cancellationToken)
    {
        var body = request.Http.Response.BodyWriter;
        var left = options.LimitBytes ?? long.MaxValue;
        await body.FlushAsync(cancellationToken);
        await foreach (var batch in logs.ReadBatchesAsync(pod.Uid, container, options.Previous, options.Follow, options.TailLines, cancellationToken))
        {
            foreach (var (at, line) in batch.Where(l => l.Time >= options.Since))
            {
                var text = options.Timestamps ? $"{Timestamp(at)} {line}\n" : line + "\n";
                var bytes = Encoding.UTF8.GetBytes(text);
                var length = (int)Math.Min(left, bytes.Length);
                body.Write(bytes.AsSpan(0, length));
                left -= length;
                if (left == 0)
                {
                    await body.FlushAsync(cancellationToken);
                    return;
                }
            }

            await body.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Time with nine digits of a second as the kubelet writes it.</summary>
    private static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    private static string Container(StoredObject pod, string? asked)
    {
        string[] Names(string field) => (pod.Json["spec"]?[field] as JsonArray)?.Select(c => (string?)c?["name"] ?? "").ToArray() ?? [];
        var containers = Names("containers");
        var init = Names("initContainers");
        if (asked is not null)
        {
            return containers.Contains(asked) || init.Contains(asked) || Names("ephemeralContainers").Contains(asked)
                ? asked
                : throw ApiErrors.BadRequest($"container {asked} is not valid for pod {pod.Key.Name}");
        }

        if (containers.Length == 1)
        {
            return containers[0];
        }

        if ((string?)pod.Json["metadata"]?["annotations"]?["kubectl.kubernetes.io/default-container"] is { } preferred && containers.Contains(preferred))
        {
            return preferred;
        }

        var choice = $"[{string.Join(' ', containers)}]" + (init.Length > 0 ? $" or one of the init containers: [{string.Join(' ', init)}]" : "");
        throw ApiErrors.BadRequest($"a container name must be specified for pod {pod.Key.Name}, choose one of: {choice}");
    }

    /// <summary>A container that has not run yet has no log, and one that ran once no previous one.</summary>
    private static void CheckStarted(StoredObject pod, string container, bool previous)
    {
        var status = StatusFields
            .SelectMany(f => (pod.Json["status"]?[f] as JsonArray)?.OfType<JsonObject>() ?? [])
            .FirstOrDefault(s => (string?)s["name"] == container);
        if (previous && status?["lastState"]?["terminated"] is null)
        {
            throw ApiErrors.BadRequest($"previous terminated container \"{container}\" in pod \"{pod.Key.Name}\" not found");
        }

        if (!previous && (string?)status?["state"]?["waiting"]?["reason"] is { } reason && status["lastState"]?["terminated"] is null)
        {
            var why = reason is "ImagePullBackOff" or "ErrImagePull" ? $"trying and failing to pull image" : $"waiting to start: {reason}";
            throw ApiErrors.BadRequest($"container \"{container}\" in pod \"{pod.Key.Name}\" is {(reason is "ImagePullBackOff" or "ErrImagePull" ? "waiting to start: " + why : why)}");
        }
    }

    private sealed record LogOptions(bool Follow, bool Previous, bool Timestamps, DateTimeOffset Since, int? TailLines, long? LimitBytes)
    {
        public static LogOptions Read(ApiRequest request, DateTimeOffset now)
        {
            var tail = request.Number("tailLines");
            var seconds = request.Number("sinceSeconds");
            var limit = request.Number("limitBytes");
            var causes = new List<StatusCause>();
            void Check(bool bad, string field, long? value, string text)
            {
                if (bad)
                {
                    causes.Add(new StatusCause("FieldValueInvalid", $"Invalid value: {value}: {text}", field));
                }
            }

            Check(tail < 0, "tailLines", tail, "must be greater than or equal to 0");
            Check(limit < 1, "limitBytes", limit, "must be greater than 0");
            Check(seconds < 1, "sinceSeconds", seconds, "must be greater than 0");
            var sinceTime = DateTimeOffset.MinValue;
            if (request.Query("sinceTime") is { } text && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out sinceTime))
            {
                throw ApiErrors.BadRequest($"parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"");
            }

            if (seconds is not null && request.Query("sinceTime") is not null)
            {
                causes.Add(new StatusCause("FieldValueForbidden", "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified", "<nil>"));
            }

            if (causes.Count > 0)
            {
                throw ApiErrors.Invalid("", "PodLogOptions", request.Info.Name ?? "", causes);
            }

            return new LogOptions(request.Flag("follow"), request.Flag("previous"), request.Flag("timestamps"),
                seconds is { } s ? now.AddSeconds(-s) : sinceTime, (int?)tail, limit);
        }
    }
}
