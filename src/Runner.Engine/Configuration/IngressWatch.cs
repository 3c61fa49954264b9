using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Configuration;

/// <summary>
/// Keeps the application endpoint of one cluster at the address of its Knative ingress while it is configured as <c>auto</c>: looks it up when it
/// becomes so and then once an interval.
/// </summary>
internal sealed partial class IngressWatch(ClusterConnection cluster, LiveSettings settings, TimeSpan interval, TimeProvider time, ILogger logger)
{
    private const string Source = ConfigMapValues.ApplicationEndpointKey;
    private readonly KnativeIngress _ingress = new(cluster, time);
    private readonly Signal _changed = new();
    private readonly Lock _lock = new();
    private bool _wanted;

    /// <summary>Looks until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        settings.Changed += Consider;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                if (!Wants())
                {
                    settings.SetProblems(cluster.Name, Source, []);
                    await _changed.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await LookAsync(cancellationToken).ConfigureAwait(false);
                await _changed.WaitAsync(interval, time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            settings.Changed -= Consider;
        }
    }

    private bool Wants()
    {
        lock (_lock)
        {
            return _wanted = settings.WantsIngress(cluster.Name);
        }
    }

    /// <summary>Wakes the loop for a change that it is about. What it finds out changes the settings too, and must not send it looking again without a pause.</summary>
    private void Consider()
    {
        lock (_lock)
        {
            if (settings.WantsIngress(cluster.Name) != _wanted)
            {
                _changed.Set();
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
            var address = await _ingress.FindAsync(cancellationToken).ConfigureAwait(false);
            settings.SetIngress(cluster.Name, address);
            Tell(address.Length > 0 ? LocalText.None : new(
                "It is 'auto', but neither Kourier's Service nor a Gateway with an address was found. Install an ingress for Knative, or set the address itself; it is looked for again.",
                "其值为 auto，但既没有找到 Kourier 的 Service，也没有找到带地址的 Gateway。请为 Knative 安装入口，或直接设置地址；会再次查找。"));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
#pragma warning disable CA1031 // Whatever went wrong, it is shown, the last known address stays, and the loop goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            settings.SetIngress(cluster.Name, settings.Of(cluster.Name).ApplicationEndpoint);
            var problem = ClusterProblem.Describe(exception, cluster.Name);
            Tell(new($"The address of the Knative ingress could not be looked up: {problem.English} It is tried again.", $"无法查找 Knative 入口的地址：{problem.Chinese}会再次尝试。"));
        }
    }

    private void Tell(LocalText problem)
    {
        if (settings.SetProblems(cluster.Name, Source, problem.Length == 0 ? [] : [problem]) && problem.Length > 0)
        {
            LogProblem(cluster.Name, Source, problem);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: {Source}: {Problem}")]
    private partial void LogProblem(string cluster, string source, string problem);
}
