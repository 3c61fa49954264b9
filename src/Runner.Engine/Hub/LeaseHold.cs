using k8s.LeaderElection;

namespace Runner.Engine.Hub;

/// <summary>The Lease, which tells of each sign of life that has arrived when it was given: the elector keeps that to itself.</summary>
/// <param name="held">Told the timestamp from before the call.</param>
internal sealed class LeaseHold(ILock inner, TimeProvider time, Action<long> held) : ILock
{
    public string Identity => inner.Identity;

    public Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default) => inner.GetAsync(cancellationToken);

    public Task<bool> CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) => TellAsync(inner.CreateAsync, record, cancellationToken);

    public Task<bool> UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) => TellAsync(inner.UpdateAsync, record, cancellationToken);

    public string Describe() => inner.Describe();

    private async Task<bool> TellAsync(Func<LeaderElectionRecord, CancellationToken, Task<bool>> write, LeaderElectionRecord record, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var written = await write(record, cancellationToken).ConfigureAwait(false);
        if (written && record.HolderIdentity == Identity)
        {
            held(began);
        }

        return written;
    }
}
