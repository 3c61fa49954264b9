using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Has what is done to one workload done one after the other. Who asks for its end while it is being replaced, by a call that may no longer be waited for, ends what
/// comes of that, and is not overtaken by it.
/// </summary>
internal sealed class Turns(VolumeWaits waits, ReplacementNotes notes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<WorkloadKey, Turn> _turns = [];

    /// <summary>Waits for those who came before.</summary>
    /// <returns>Ends the turn when it is disposed of.</returns>
    public async Task<IDisposable> TakeAsync(WorkloadKey key)
    {
        Turn? turn;
        lock (_gate)
        {
            if (!_turns.TryGetValue(key, out turn))
            {
                _turns[key] = turn = new(this, key);
            }

            turn.Takers++;
        }

        await turn.Free.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        return turn;
    }

    /// <summary>
    /// As <see cref="TakeAsync"/>, for whoever is about to stop a workload: whoever waits to make it, or would finish what was begun, at whichever replica, finds that it is not wanted any more.
    /// </summary>
    /// <exception cref="IOException">There is something to forget and it cannot be written now.</exception>
    public async Task<IDisposable> TakeToStopAsync(WorkloadKey key)
    {
        await waits.StopAsync(key).ConfigureAwait(false);
        var turn = await TakeAsync(key).ConfigureAwait(false);
        try
        {
            await notes.ForgetAsync(key).ConfigureAwait(false);
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private void End(Turn turn)
    {
        lock (_gate)
        {
            turn.Free.Release();
            if (--turn.Takers == 0)
            {
                _turns.Remove(turn.Key);
                turn.Free.Dispose();
            }
        }
    }

    private sealed class Turn(Turns turns, WorkloadKey key) : IDisposable
    {
        public WorkloadKey Key => key;

        /// <summary>Those who have the turn or wait for it.</summary>
        public int Takers { get; set; }

        public SemaphoreSlim Free { get; } = new(1, 1);

        public void Dispose() => turns.End(this);
    }
}
