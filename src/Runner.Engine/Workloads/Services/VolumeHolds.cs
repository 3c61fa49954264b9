namespace Runner.Engine.Workloads.Services;

/// <summary>
/// Users' volumes for which something is being made that no watch tells of yet, and those that are being deleted: a volume is not deleted under what is about to mount it, and who
/// comes meanwhile waits until it is gone. Within this process; what other replicas are about is told by <see cref="Replacing.ReplacementNotes"/>.
/// </summary>
internal sealed class VolumeHolds
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Cluster, string Volume), Hold> _holds = [];

    /// <summary>Keeps a volume from being deleted. Waits while one is.</summary>
    /// <param name="cluster">Name of the connection.</param>
    /// <returns>Ends it when it is disposed of.</returns>
    public async Task<IDisposable> TakeAsync(string cluster, string volume)
    {
        while (true)
        {
            Task deleted;
            lock (_gate)
            {
                var hold = _holds.GetValueOrDefault((cluster, volume));
                if (hold is not { IsDeletion: true })
                {
                    _holds[(cluster, volume)] = hold ??= new(this, (cluster, volume), isDeletion: false);
                    hold.Takers++;
                    return new Taken(hold);
                }

                deleted = hold.Ended;
            }

            await deleted.ConfigureAwait(false);
        }
    }

    /// <summary>Begins to delete a volume.</summary>
    /// <param name="cluster">Name of the connection.</param>
    /// <returns>Ends it when it is disposed of; null when somebody is about to use the volume, or deletes it already.</returns>
    public IDisposable? TryDelete(string cluster, string volume)
    {
        lock (_gate)
        {
            var hold = new Hold(this, (cluster, volume), isDeletion: true) { Takers = 1 };
            return _holds.TryAdd((cluster, volume), hold) ? new Taken(hold) : null;
        }
    }

    private void End(Hold hold)
    {
        lock (_gate)
        {
            if (--hold.Takers == 0)
            {
                _holds.Remove(hold.Key);
                hold.End();
            }
        }
    }

    private sealed class Hold(VolumeHolds holds, (string Cluster, string Volume) key, bool isDeletion)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public (string Cluster, string Volume) Key => key;

        public bool IsDeletion => isDeletion;

        public int Takers { get; set; }

        public Task Ended => _ended.Task;

        public void Release() => holds.End(this);

        public void End() => _ended.TrySetResult();
    }

    private sealed class Taken(Hold hold) : IDisposable
    {
        private bool _isOver;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isOver, true))
            {
                hold.Release();
            }
        }
    }
}
