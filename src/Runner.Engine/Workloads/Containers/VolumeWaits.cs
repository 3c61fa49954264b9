using LiteDB;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Containers;

/// <summary>
/// What waits for an old volume to go before it is made, in the state that replicas share: whoever stops it meanwhile, at whichever replica, ends the wait, and it is not made. Nothing else
/// follows from an entry; one that a process which died has left is removed with the next one that is written.
/// </summary>
internal sealed class VolumeWaits(IStateStore state, TimeProvider time)
{
    /// <summary>Longer than anybody waits.</summary>
    private static readonly TimeSpan Longest = ReplacementNotes.LongestWork;

    /// <param name="volume">Name of the claim.</param>
    /// <returns>The wait; whoever is stopped during it is told by <see cref="VolumeWait.ThrowIfStopped"/>.</returns>
    /// <exception cref="IOException">It cannot be written now.</exception>
    public async Task<VolumeWait> BeginAsync(WorkloadKey key, string volume)
    {
        var (id, now) = (Guid.NewGuid().ToString("N"), time.GetUtcNow().UtcDateTime);
        await state.WriteAsync(
            transaction =>
            {
                var waits = transaction.Collection(StateCollections.VolumeWaits);
                foreach (var left in waits.Find(Query.LT("at", now - Longest)))
                {
                    waits.Delete(left["_id"]);
                }

                return waits.Insert(new() { ["_id"] = id, ["workload"] = TextOf(key), ["at"] = now });
            },
            CancellationToken.None).ConfigureAwait(false);
        return new(state, id, key, volume);
    }

    /// <summary>Ends all waits for a workload, which is not to be made any more.</summary>
    /// <exception cref="IOException">There is one and it cannot be written now.</exception>
    public async Task StopAsync(WorkloadKey key)
    {
        await state.FreshenAsync(CancellationToken.None).ConfigureAwait(false);
        var ofKey = Query.EQ("workload", TextOf(key));
        if (state.Read(database => database.GetCollection(StateCollections.VolumeWaits).Exists(ofKey)))
        {
            await state.WriteAsync(
                transaction =>
                {
                    var waits = transaction.Collection(StateCollections.VolumeWaits);
                    return waits.Find(ofKey).Count(wait => waits.Delete(wait["_id"]));
                },
                CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static string TextOf(WorkloadKey key) => $"{key.Kind}/{key.Cluster}/{key.Namespace}/{key.Name}";
}

/// <summary>One wait, until it is disposed of.</summary>
internal sealed class VolumeWait(IStateStore state, string id, WorkloadKey key, string volume) : IAsyncDisposable
{
    /// <exception cref="ClusterOperationException">Somebody has stopped the workload, as far as this replica knows by now.</exception>
    public void ThrowIfStopped()
    {
        if (state.Read(database => database.GetCollection(StateCollections.VolumeWaits).FindById(id)) is null)
        {
            throw Stopped();
        }
    }

    /// <exception cref="ClusterOperationException">Somebody has stopped the workload, at whichever replica.</exception>
    /// <exception cref="IOException">That cannot be known now.</exception>
    public async Task EndAsync()
    {
        if (!await RemoveAsync().ConfigureAwait(false))
        {
            throw Stopped();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await RemoveAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The next one that waits removes it.
        }
    }

    private Task<bool> RemoveAsync() => state.WriteAsync(transaction => transaction.Collection(StateCollections.VolumeWaits).Delete(id), CancellationToken.None);

    private ClusterOperationException Stopped() => new($"{NotedReplacement.WhatOf(key.Kind, key.Name)} was not created: it was stopped while it waited for the old volume '{volume}' to go.");
}
