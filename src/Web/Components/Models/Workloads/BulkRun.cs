using System.Collections.Immutable;
using Runner.Web.Live;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>An act on many workloads as it goes on, and what came of it until the next one begins. Results may come on any thread.</summary>
public sealed class BulkRun : IProgress<ActionResult>
{
    private readonly Lock _lock = new();
    private ImmutableList<ActionResult> _results = [];

    /// <summary>Raised on any thread when something changed.</summary>
    public event Action? Changed;

    public WorkloadAction Action { get; private set; }

    /// <summary>How many workloads it is for.</summary>
    public int Total { get; private set; }

    public bool Running { get; private set; }

    /// <summary>Those that have ended, well or not.</summary>
    public int Ended => Volatile.Read(ref _results).Count;

    /// <summary>What people must know of: what failed, and what is not in the audit log.</summary>
    public IReadOnlyList<ActionResult> Troubles => [.. Volatile.Read(ref _results).Where(result => result.IsTrouble)];

    /// <summary>To whom it was done.</summary>
    public IEnumerable<ActionResult> Done => Volatile.Read(ref _results).Where(result => result.Problem is null);

    /// <summary>How many had ended when a screen reader was told last: at the beginning, after each quarter and at the end, not each one.</summary>
    public int Announced { get; private set; }

    /// <returns>False, and nothing happens, where one is under way.</returns>
    public bool Begin(WorkloadAction action, int total)
    {
        lock (_lock)
        {
            if (Running)
            {
                return false;
            }

            (Action, Total, Running, Announced, _results) = (action, total, true, 0, []);
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>Takes the result of one workload.</summary>
    public void Report(ActionResult value)
    {
        lock (_lock)
        {
            _results = _results.Add(value);
            var ended = _results.Count;
            Announced = ended == Total || ended * 4 / Total > Announced * 4 / Total ? ended : Announced;
        }

        Changed?.Invoke();
    }

    public void End()
    {
        lock (_lock)
        {
            Running = false;
        }

        Changed?.Invoke();
    }

    /// <summary>Forgets what came of the last one.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (!Running)
            {
                (Total, Announced, _results) = (0, 0, []);
            }
        }

        Changed?.Invoke();
    }
}
