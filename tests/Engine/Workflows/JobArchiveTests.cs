using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;

namespace Runner.Tests.Engine.Workflows;

/// <summary>In which order the records of a job are kept.</summary>
public sealed class JobArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_just_made_is_not_kept_over_what_a_watch_has_shown_of_it_since()
    {
        await using var database = Database.Open(_folder.Path);
        var archive = Open(database);
        await archive.ChangedAsync(null, Job("first", WorkflowPhases.Succeeded), Cancel);

        await archive.RememberAsync(Job("first", WorkflowPhases.Pending), Cancel);
        Assert.All(new[] { archive, Open(database) }, kept => Assert.Equal(("first", WorkflowPhases.Succeeded), Of(kept)));

        await archive.RememberAsync(Job("second", WorkflowPhases.Pending), Cancel);
        Assert.All(new[] { archive, Open(database) }, kept => Assert.Equal(("second", WorkflowPhases.Pending), Of(kept)));

        static (string Uid, string Status) Of(JobArchive archive) => Assert.Single(archive.All) is var job ? (job.Uid, job.Record.Status) : default;
    }

    [Fact]
    public async Task Whether_an_end_is_kept_is_answered_when_what_is_being_written_is_on_disk()
    {
        await using var database = Database.Open(_folder.Path);
        var archive = Open(database);
        var ended = Job("first", WorkflowPhases.Succeeded);
        await archive.RememberAsync(Job("first", WorkflowPhases.Running), Cancel);
        Assert.False(await archive.HasKeptAsync(ended, Cancel));

        var writing = archive.ChangedAsync(null, ended, Cancel);
        Assert.True(await archive.HasKeptAsync(ended, Cancel));
        Assert.True(Assert.Single(Open(database).All).Record.IsFinished);
        await writing;
        Assert.False(await archive.HasKeptAsync(Job("second", WorkflowPhases.Succeeded), Cancel));
    }

    private JobArchive Open(Database database) => new(database, new RetentionOptions(), _time);

    private Workload Job(string uid, string phase) => new()
    {
        Key = new("test", WorkloadKind.Dataflow, "spaces", "job"),
        Uid = uid,
        ClusterId = "c",
        CreatedAt = _time.GetUtcNow(),
        Status = DeployStatus.Running,
        Job = new() { TaskId = "job", TaskType = WorkflowTaskTypes.Dataflow, Status = phase, SubmitTime = _time.GetUtcNow() },
    };
}
