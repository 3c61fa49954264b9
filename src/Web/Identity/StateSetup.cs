using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>
/// Does what every start has to see to, once it is known what the shared state is: a replica that came later must not make a second administrator. Several replicas may be
/// about it at once; whoever is refused looks again and finds it done.
/// </summary>
internal sealed partial class StateSetup(IStateStore state, TimeProvider time, ILogger<StateSetup> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly List<Func<CancellationToken, Task>> _tasks = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds a task, which may be repeated. Before the host says that it has started.</summary>
    public void Later(Func<CancellationToken, Task> task)
    {
        lock (_tasks)
        {
            _tasks.Add(task);
        }
    }

    /// <summary>All tasks are known.</summary>
    public void Begin() => _complete.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _complete.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        await state.WhenReadyAsync(stoppingToken).ConfigureAwait(false);
        foreach (var task in _tasks.ToArray())
        {
            while (!await TryAsync(task, stoppingToken).ConfigureAwait(false))
            {
                await Task.Delay(Retry, time, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> task, CancellationToken cancellationToken)
    {
        try
        {
            await task(cancellationToken).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // It is tried again until it is done; nothing else sees to it.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogAgain(exception.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "What has to be there at the start is looked after again: {Problem}")]
    private partial void LogAgain(string problem);
}
