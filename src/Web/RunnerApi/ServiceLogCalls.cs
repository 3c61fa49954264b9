using System.Buffers;
using System.Text;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.RunnerApi;

/// <summary>Logs of a service's pods, passed on as they come.</summary>
internal sealed class ServiceLogCalls(ServiceOperations operations, ClusterDirectory clusters, PodLogs logs, RunnerOptions options)
{
    private const string UserContainer = "user-container";

    /// <summary>So many bytes are written before the reader must have taken them.</summary>
    private const int MostUnsent = 128 * 1024;

    /// <summary>The log of the service's first pod.</summary>
    public async Task FirstPodAsync(HttpContext context)
    {
        var (cluster, workload) = await FindAsync(context);
        var first = workload is null ? null : ServiceQueries.Current(workload).FirstOrDefault();
        await SendAsync(context, cluster, workload, first, first?.PodName ?? "");
    }

    /// <summary>The log of one pod of the service.</summary>
    public async Task PodAsync(HttpContext context)
    {
        var (cluster, workload) = await FindAsync(context);
        var pod = (string)context.Request.RouteValues["pod"]!;
        await SendAsync(context, cluster, workload, workload?.Instances.FirstOrDefault(instance => instance.PodName == pod), pod);
    }

    private async Task<(ClusterConnection Cluster, Workload? Workload)> FindAsync(HttpContext context)
    {
        var reference = await ServiceQueries.ReferenceAsync(context);
        var cluster = clusters.Resolve(reference.ClusterId);
        return (cluster, operations.Find(cluster, ServiceCalls.ServiceName(context)));
    }

    private async Task SendAsync(HttpContext context, ClusterConnection cluster, Workload? workload, WorkloadInstance? instance, string pod)
    {
        if (instance is { Node.Length: 0, Reason.Length: > 0 })
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"Pod {instance.PodName} cannot be scheduled: {instance.Reason}: {instance.Message}");
        }

        var response = context.Response;
        response.ContentType = "text/plain";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var name = ServiceCalls.ServiceName(context);
        var key = workload?.Key ?? new WorkloadKey(cluster.Name, WorkloadKind.Service, options.WorkloadNamespace, name);
        if ((instance?.PodName ?? KeptPod(key, pod)) is not { } wanted)
        {
            var line = pod.Length > 0 ? $"No log was found for pod {pod} of service {name}.\n" : $"No log was found for service {name}: it has no pod.\n";
            await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(line), context.RequestAborted);
            return;
        }

        // The hub waits for the headers before anything else.
        await response.StartAsync(context.RequestAborted);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
        var pieces = logs.ReadBytesAsync(cluster, key.Namespace, wanted, UserContainer, new(Follow: true), context.RequestAborted);
        try
        {
            await PassOnAsync(pieces, response.Body, context.RequestAborted);
        }
        catch (LogUnavailableException unavailable)
        {
            // The answer has begun: what is wrong can only be told as its last line.
            await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(unavailable.Message + "\n"), context.RequestAborted);
        }
    }

    /// <summary>
    /// Writes pieces as they come: what is there already goes out together, and nothing waits for what is still to come. Pieces are gathered here
    /// because the response cuts what is written into its own buffer into chunks of 4 KB, each of which costs the reader a read.
    /// </summary>
    private static async Task PassOnAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, Stream response, CancellationToken cancellationToken)
    {
        var gathered = ArrayPool<byte>.Shared.Rent(MostUnsent);
        try
        {
            var unsent = 0;
            await using var source = pieces.GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                var next = source.MoveNextAsync();
                if (unsent > 0 && !next.IsCompleted)
                {
                    // Not cancelled: the next piece is on its way, and must have come or failed before anything is given up.
                    await response.WriteAsync(gathered.AsMemory(0, unsent), CancellationToken.None);
                    unsent = 0;
                }

                var more = await next;
                var piece = more ? source.Current : default;
                if (unsent > 0 && (!more || unsent + piece.Length > gathered.Length))
                {
                    await response.WriteAsync(gathered.AsMemory(0, unsent), cancellationToken);
                    unsent = 0;
                }

                if (!more)
                {
                    return;
                }

                if (piece.Length > gathered.Length)
                {
                    await response.WriteAsync(piece, cancellationToken);
                    continue;
                }

                piece.CopyTo(gathered.AsMemory(unsent));
                unsent += piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    /// <summary>The pod whose last log is kept: the one that is asked for, or the one of the service that ended last.</summary>
    private string? KeptPod(WorkloadKey key, string pod) =>
        logs.KeptOf(key).FirstOrDefault(log => log.Container == UserContainer && (pod.Length == 0 || log.Pod == pod))?.Pod;
}
