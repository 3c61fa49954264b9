using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;

namespace Runner.Tests.Engine.Storage;

/// <summary>What is kept for a time is removed after it, on a clock that the test moves.</summary>
public sealed class RetentionTests : IDisposable
{
    private static readonly WorkloadKey Key = new("test", WorkloadKind.Service, "spaces", "web");
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Events_that_the_hub_took_go_after_their_time_and_those_that_wait_stay()
    {
        await using var database = Database.Open(_folder.Path);
        var store = new OutboxStore(database, _time, new RetentionOptions { SentEvents = TimeSpan.FromDays(2) });
        var written = await store.AddAsync([new OutboxEntry(Key, [Event("early"), Event("late"), Event("waiting")], null)], Cancel);
        await store.MarkSentAsync(written[0].Sequence, Cancel);
        _time.Advance(TimeSpan.FromDays(1));
        await store.MarkSentAsync(written[1].Sequence, Cancel);
        using var retention = new RetentionService([store], _time, NullLogger<RetentionService>.Instance);
        await retention.StartAsync(Cancel);

        _time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(["waiting", "late", "early"], Types(store));

        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(RetentionService.Period);
                return Types(store).SequenceEqual(["waiting", "late"]) || _time.GetUtcNow() > new DateTimeOffset(2026, 11, 3, 20, 0, 0, TimeSpan.Zero);
            },
            "the early event removed");
        Assert.Equal(["waiting", "late"], Types(store));

        _time.Advance(TimeSpan.FromDays(1));
        await Eventually.TrueAsync(() => Types(store).SequenceEqual(["waiting"]), "the late event removed");
        await retention.StopAsync(Cancel);
    }

    [Fact]
    public async Task Events_whose_removal_could_not_be_written_are_removed_the_next_time()
    {
        await using var database = Database.Open(_folder.Path);
        var store = new OutboxStore(database, _time);
        var written = await store.AddAsync([new OutboxEntry(Key, [Event("taken"), Event("waiting")], null)], Cancel);
        await store.MarkSentAsync(written[0].Sequence, Cancel);
        _time.Advance(TimeSpan.FromDays(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PruneAsync(_time.GetUtcNow(), new CancellationToken(canceled: true)));
        Assert.Equal(["waiting", "taken"], Types(store));
        Assert.Equal(1, await store.PruneAsync(_time.GetUtcNow(), Cancel));
        Assert.Equal(["waiting"], Types(store));
    }

    [Fact]
    public async Task Records_of_jobs_go_a_while_after_their_end_and_those_that_run_stay()
    {
        await using var database = Database.Open(_folder.Path);
        var archive = new JobArchive(database, new RetentionOptions { Records = TimeSpan.FromDays(2) }, _time);
        await archive.RememberAsync(Job("ended", WorkflowPhases.Succeeded, _time.GetUtcNow()), Cancel);
        await archive.RememberAsync(Job("later", WorkflowPhases.Failed, _time.GetUtcNow().AddDays(1)), Cancel);
        await archive.RememberAsync(Job("running", WorkflowPhases.Running, null), Cancel);

        Assert.Equal(0, await archive.PruneAsync(_time.GetUtcNow(), Cancel));
        Assert.Equal(1, await archive.PruneAsync(_time.GetUtcNow().AddHours(1), Cancel));

        Assert.Equal(["later", "running"], Names(archive));
        Assert.Equal(["later", "running"], Names(new JobArchive(database, new RetentionOptions(), _time)));

        static IEnumerable<string> Names(JobArchive kept) => kept.All.Select(job => job.Key.Name).Order(StringComparer.Ordinal);

        Workload Job(string name, string phase, DateTimeOffset? end) => new()
        {
            Key = new("test", WorkloadKind.Workflow, "spaces", name),
            Uid = name,
            ClusterId = "c",
            CreatedAt = _time.GetUtcNow(),
            Status = DeployStatus.Running,
            Job = new() { TaskId = name, TaskType = WorkflowTaskTypes.Evaluation, Status = phase, SubmitTime = _time.GetUtcNow(), EndTime = end },
        };
    }

    [Fact]
    public async Task One_that_cannot_be_pruned_keeps_neither_the_others_nor_the_next_hour_from_it()
    {
        var broken = new Broken();
        var counted = new Counted();
        using var retention = new RetentionService([broken, counted], _time, NullLogger<RetentionService>.Instance);
        await retention.StartAsync(Cancel);
        await Eventually.TrueAsync(() => counted.Rounds == 1, "the first round");

        _time.Advance(RetentionService.Period);

        await Eventually.TrueAsync(() => counted.Rounds == 2 && broken.Rounds == 2, "the second round");
        Assert.Equal(_time.GetUtcNow() - counted.KeptFor, counted.Before);
        await retention.StopAsync(Cancel);
    }

    private static HubEvent Event(string type) => new(Key.ToString(), type, "cluster-1", "{}");

    private static IEnumerable<string> Types(OutboxStore store) => store.Newest(10).Select(e => e.Type);

    private class Counted : IPrunable
    {
        public int Rounds { get; private set; }

        public DateTimeOffset Before { get; private set; }

        public string What => "things";

        public TimeSpan KeptFor => TimeSpan.FromDays(1);

        public virtual Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
        {
            (Rounds, Before) = (Rounds + 1, before);
            return Task.FromResult(1);
        }
    }

    private sealed class Broken : Counted
    {
        public override async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
        {
            await base.PruneAsync(before, cancellationToken);
            throw new IOException("The disk refused.");
        }
    }
}
