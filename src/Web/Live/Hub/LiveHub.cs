using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Runner.Engine;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Web.Identity.Tokens;
using Runner.Web.Live.Logs;

namespace Runner.Web.Live.Hub;

/// <summary>
/// What outside programs see live: the same state and the same feed as the pages. Every method is a stream that ends when the client ends it, or when
/// the caller's right ends.
/// </summary>
[Authorize(Policy = ApiScopes.LiveRead)]
internal sealed partial class LiveHub(LiveStreams streams, LiveConnections connections, ILogger<LiveHub> logger) : Microsoft.AspNetCore.SignalR.Hub
{
    /// <summary>All workloads, then what changes, at most ten messages a second. A slow client gets fewer and larger steps, and always the newest state.</summary>
    public IAsyncEnumerable<WorkloadsMessage> Workloads(CancellationToken cancellationToken) =>
        GuardedAsync(ApiScopes.LiveRead, streams.WorkloadsAsync, cancellationToken);

    /// <summary>The inventory of all clusters, and again whenever it changed, at most once a second.</summary>
    public IAsyncEnumerable<CapacityMessage> Capacity(CancellationToken cancellationToken) =>
        GuardedAsync(ApiScopes.LiveRead, streams.CapacityAsync, cancellationToken);

    /// <summary>Lines of many logs. What a slow client does not take in time is dropped, the oldest first, and counted.</summary>
    [Authorize(Policy = ApiScopes.WorkloadsRead)]
    public IAsyncEnumerable<LogsMessage> Logs(LogsRequest request, CancellationToken cancellationToken)
    {
        var selection = Selection(request);
        if (!LogSince.TryRead(request.Since, out var since))
        {
            throw new HubException("'since' must be a duration such as 15m, 2h or 7d, or a moment such as 2026-03-01T12:00:00Z.");
        }

        return GuardedAsync(ApiScopes.WorkloadsRead, stopping => streams.LogsAsync(selection, since, request.Previous, stopping), cancellationToken);
    }

    public override Task OnConnectedAsync()
    {
        if (!connections.TryOpen(Context))
        {
            throw new HubException($"There are {LiveConnections.MostConnections} connections already. Close one, or try again later.");
        }

        return base.OnConnectedAsync();
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        connections.Close(Context);
        return base.OnDisconnectedAsync(exception);
    }

    private static LogSelection Selection(LogsRequest request)
    {
        var wrong = request.Workloads.FirstOrDefault(text => WorkloadReference.Read(text) is null) ?? request.Pods.FirstOrDefault(text => PodReference.Read(text) is null);
        if (wrong is not null)
        {
            throw new HubException($"'{wrong}' names nothing: workloads are cluster/kind/namespace/name, pods cluster/kind/namespace/name/pod.");
        }

        LabelSelector.Read(request.Labels, out var problem);
        var selection = new LogSelection
        {
            Workloads = request.Workloads.Select(WorkloadReference.Read).OfType<WorkloadKey>().ToEquatableList(),
            Pods = request.Pods.Select(PodReference.Read).OfType<PodReference>().ToEquatableList(),
            Labels = request.Labels,
            Container = request.Container,
        };
        return problem.Length > 0 ? throw new HubException($"'labels' is no label selector: {problem}.")
            : selection.IsEmpty ? throw new HubException("Say whose logs: workloads, pods or labels.")
            : selection;
    }

    private async IAsyncEnumerable<T> GuardedAsync<T>(
        string scope, Func<CancellationToken, IAsyncEnumerable<T>> open, [EnumeratorCancellation] CancellationToken cancellationToken, [CallerMemberName] string method = "")
    {
        using var stream = LiveConnections.TryStream(Context)
            ?? throw new HubException($"A connection may have {LiveConnections.MostStreams} streams at once. End one first.");

        // A hub is gone when its method returns: nothing after this asks it.
        using var right = await connections.WatchAsync(Context, method, scope, cancellationToken);
        await using var items = open(right.Token).GetAsyncEnumerator(right.Token);
        while (await NextAsync(right, items))
        {
            yield return items.Current;
        }
    }

    private async ValueTask<bool> NextAsync<T>(LiveRight right, IAsyncEnumerator<T> items)
    {
        try
        {
            return await right.NextAsync(items);
        }
        catch (Exception exception) when (exception is not (HubException or OperationCanceledException))
        {
            StreamFailed(logger, exception);
            throw new HubException("The stream failed; the log of the runner says why. Begin it again.");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A stream of the live hub failed")]
    private static partial void StreamFailed(ILogger logger, Exception exception);
}
