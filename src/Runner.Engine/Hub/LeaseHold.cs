using k8s.LeaderElection;

namespace Runner.Engine.Hub;

/// <summary>The Lease, which tells of each sign of life that has arrived when it was given: the elector keeps that to itself.</summary>
/// <param name="held">Told the timestamp from before the call, and where it was not ours before, when whoever had it last gave a sign of life.</param>
internal sealed class LeaseHold(ILock inner, TimeProvider time, Action<long, DateTimeOffset?> held) : ILock
{
    private DateTimeOffset? _othersUntil;

    public string Identity => inner.Identity;

    public async Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default)
    {
        var record = await inner.GetAsync(cancellationToken).ConfigureAwait(false);
        _othersUntil = record.HolderIdentity == Identity || record.RenewTime is not { } renewed ? null : renewed.ToUniversalTime();
        return record;
    }

    public Task<bool> CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) => TellAsync(inner.CreateAsync, record, cancellationToken);

    public Task<bool> UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default) => TellAsync(inner.UpdateAsync, record, cancellationToken);

    public string Describe() => inner.Describe();

    private async Task<bool> TellAsync(Func<LeaderElectionRecord, CancellationToken, Task<bool>> write, LeaderElectionRecord record, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var written = await write(record, cancellationToken).ConfigureAwait(false);
        if (written && record.HolderIdentity == Identity)
        {
            held(began, _othersUntil);
        }

        return written;
    }
}
