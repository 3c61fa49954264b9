using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Hub;
using Runner.Engine.Logs.Collector;
using Runner.Engine.Workloads;

namespace Runner.Tests.Engine.Logs;

/// <summary>Milestones where several replicas see the same workloads.</summary>
public sealed class MilestonesTests
{
    private static readonly TimeSpan Succession = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private Workload _workload = new()
    {
        Key = new("c", WorkloadKind.Service, "spaces", "web"), Uid = "u", ClusterId = "c-1", CreatedAt = DateTimeOffset.UnixEpoch, Status = DeployStatus.Pending,
    };

    [Fact]
    public async Task The_replica_that_speaks_tells_each_and_its_successor_tells_what_nobody_may_have()
    {
        using var one = new Replica(_time);
        using var two = new Replica(_time);
        one.Lead();
        await ChangeAsync(DeployStatus.Deploying, one, two);
        Assert.Equal((1, 0), (one.Told, two.Told));

        // Long before the end: the first one has told it.
        _time.Advance(Succession * 2);
        await ChangeAsync(DeployStatus.Startup, one, two);
        _time.Advance(Succession * 2);

        // It vanishes, and this is seen by the other one alone.
        await ChangeAsync(DeployStatus.Running, two);
        Assert.Equal((2, 0), (one.Told, two.Told));
        _time.Advance(Succession / 2);
        two.Lead();
        Assert.Equal(1, two.Told);

        // From now on at once, and nothing again.
        await ChangeAsync(DeployStatus.Stopped, two);
        two.Lead();
        Assert.Equal(2, two.Told);
    }

    [Fact]
    public async Task Where_there_is_no_election_it_is_told_at_once()
    {
        using var only = new Replica(_time, elected: false);
        await ChangeAsync(DeployStatus.Running, only);
        Assert.Equal(1, only.Told);
    }

    private async Task ChangeAsync(DeployStatus status, params IEnumerable<Replica> seenBy)
    {
        var before = _workload;
        _workload = before with { Status = status };
        foreach (var replica in seenBy)
        {
            await replica.Milestones.ChangedAsync(before, _workload, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Replica : IDisposable
    {
        private readonly FakeTimeProvider _time;
        private readonly HubLeadership _leadership;
        private readonly CollectorBuffer _buffer;

        public Replica(FakeTimeProvider time, bool elected = true)
        {
            _time = time;
            _leadership = new(elected, time);
            _buffer = new(1024 * 1024, time);
            Milestones = new(_buffer, new(), time, _leadership, Succession);
        }

        public Milestones Milestones { get; }

        public int Told => _buffer.Lines;

        public void Lead()
        {
            _leadership.Hold(_time.GetTimestamp(), null);
            _leadership.Set(true, "me");
        }

        public void Dispose() => _leadership.Dispose();
    }
}
