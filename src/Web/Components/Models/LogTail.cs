using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Web.Live;

namespace Runner.Web.Components.Models;

/// <summary>Which lines of a workload's pods are read.</summary>
/// <param name="Pod">One pod, or empty for all, those included that are still to come.</param>
/// <param name="Container">Container name in each pod.</param>
/// <param name="Previous">The container's previous run instead of the current one.</param>
/// <param name="Minutes">Only lines of the last so many minutes; 0 for the last <see cref="LogTail.TailLines"/> lines of each pod.</param>
public sealed record LogChoice(string Pod, string Container, bool Previous, int Minutes)
{
    // What does the work, in services and in workflows.
    private static readonly string[] Working = ["user-container", "main"];

    public static LogChoice Standard { get; } = new("", Working[0], false, 0);

    /// <summary>The container one wants to read first: the one that does the work, else the first.</summary>
    /// <param name="containers">Names, empty while no pod is known.</param>
    public static string Preferred(IReadOnlyList<string> containers) =>
        Working.FirstOrDefault(containers.Contains) ?? (containers.Count > 0 ? containers[0] : Working[0]);
}

/// <summary>
/// Follows the logs of a workload's pods into a buffer: one stream a pod, started when the pod appears and ended when it goes. Tells the page at most ten times a second that there is something to draw.
/// </summary>
internal sealed class LogTail(IConsoleEngine engine, WorkloadKey key, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Lines of each pod to begin with.</summary>
    public const int TailLines = 2000;

    /// <summary>Streams open at once; more pods than that wait for one to end.</summary>
    public const int MaxStreams = 64;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _streams = [];
    private readonly Dictionary<string, string> _problems = [];
    private readonly CancellationTokenSource _disposed = new();
    private CancellationTokenSource _stop = new();
    private Task _drawing = Task.CompletedTask;
    private bool _stateChanged;

    public LogBuffer Buffer { get; } = new();

    public LogChoice Choice { get; private set; } = LogChoice.Standard;

    /// <summary>Pods with an open stream.</summary>
    public int Streaming
    {
        get
        {
            lock (_lock)
            {
                return _streams.Values.Count(stream => !stream.IsCompleted);
            }
        }
    }

    /// <summary>Why a pod's log cannot be read, by pod.</summary>
    public IReadOnlyDictionary<string, string> Problems
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, string>(_problems);
            }
        }
    }

    /// <summary>Begins to tell the page; call once.</summary>
    /// <param name="draw">Called when there are new lines or a stream's state changed.</param>
    public void Start(Func<Task> draw) => _drawing = DrawAsync(draw, _disposed.Token);

    /// <summary>Reads other lines; what was kept is forgotten.</summary>
    public async Task ChooseAsync(LogChoice choice, Workload? workload)
    {
        Task[] ending;
        lock (_lock)
        {
            _stop.Cancel();
            _stop.Dispose();
            _stop = new CancellationTokenSource();
            ending = [.. _streams.Values];
            _streams.Clear();
            _problems.Clear();
            Choice = choice;
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
        Buffer.Clear();
        Update(workload);
    }

    /// <summary>Opens streams for pods that appeared, and for pods that are gone where there are no others or one of them is chosen.</summary>
    /// <param name="workload">Null when it is gone.</param>
    public void Update(Workload? workload)
    {
        lock (_lock)
        {
            foreach (var pod in Pods(workload))
            {
                if (!_streams.ContainsKey(pod) && _streams.Values.Count(stream => !stream.IsCompleted) < MaxStreams)
                {
                    var (choice, stopping) = (Choice, _stop.Token);
                    _streams[pod] = Task.Run(() => ReadAsync(pod, choice, stopping), CancellationToken.None);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            _stop.Cancel();
            ending = [.. _streams.Values];
        }

        await _disposed.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll([.. ending, _drawing]).ConfigureAwait(false);
        _stop.Dispose();
        _disposed.Dispose();
    }

    private List<string> Pods(Workload? workload)
    {
        var live = workload?.Instances.Select(instance => instance.PodName).ToList() ?? [];
        var wanted = live.Count == 0 || (Choice.Pod.Length > 0 && !live.Contains(Choice.Pod))
            ? live.Concat(engine.KeptLogsOf(key).Where(log => log.Container == Choice.Container).Select(log => log.Pod)).Distinct()
            : live;
        return [.. wanted.Where(pod => Choice.Pod.Length == 0 || Choice.Pod == pod)];
    }

    private async Task ReadAsync(string pod, LogChoice choice, CancellationToken stopping)
    {
        var options = new PodLogOptions(
            Follow: !choice.Previous,
            TailLines: choice.Minutes == 0 ? TailLines : null,
            Since: choice.Minutes == 0 ? null : time.GetUtcNow().AddMinutes(-choice.Minutes),
            Previous: choice.Previous);
        try
        {
            await foreach (var line in engine.ReadLogAsync(key, pod, choice.Container, options, stopping).ConfigureAwait(false))
            {
                Buffer.Add(line);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Another choice, or the page is closed.
        }
#pragma warning disable CA1031 // Whatever keeps the log from being read is shown beside the lines.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (_lock)
            {
                _problems[pod] = exception.Message;
            }
        }

        lock (_lock)
        {
            _stateChanged = true;
        }
    }

    private async Task DrawAsync(Func<Task> draw, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var unseen = 0L;
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                var changed = Buffer.Refresh() | Buffer.Unseen != unseen;
                unseen = Buffer.Unseen;
                lock (_lock)
                {
                    changed |= _stateChanged;
                    _stateChanged = false;
                }

                if (changed)
                {
                    await draw().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The page is closed.
        }
    }
}
