using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;

namespace Runner.Engine.Diagnostics;

/// <summary>The checks and how each last ended. Whoever looks sees the last results at once; they are made anew on demand and on a schedule. Thread-safe.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Lives as long as the process; the semaphore holds nothing to dispose.")]
public sealed class DiagnosticsBoard
{
    /// <summary>How long one check may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const int Parallel = 4;
    private const int MostEvidence = 200;
    private const int LongestEvidence = 400;

    private readonly IReadOnlyList<Check> _checks;
    private readonly IReadOnlyList<string> _secrets;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lock = new();
    private ImmutableArray<CheckResult> _results;
    private ImmutableHashSet<int> _running = [];

    internal DiagnosticsBoard(IReadOnlyList<Check> checks, RunnerOptions options, TimeProvider time)
    {
        _checks = checks;
        _time = time;
        _secrets = Redaction.SecretsOf(options);
        _results = [.. checks.Select(check => new CheckResult(check.Id, check.Cluster, CheckState.Waiting, CheckCause.None, EquatableList<string>.Empty, EquatableList<LocalText>.Empty, null, TimeSpan.Zero))];
    }

    /// <summary>Raised, on any thread, when a result or what runs changes. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>All checks, in their order, as each last ended.</summary>
    public IReadOnlyList<CheckResult> Results
    {
        get
        {
            lock (_lock)
            {
                return _results;
            }
        }
    }

    /// <summary>What somebody should look at, the worst first.</summary>
    public IReadOnlyList<CheckResult> Failing => [.. Results.Where(result => result.IsFailing).OrderByDescending(result => result.State)];

    /// <summary>Whether checks are running at the moment.</summary>
    public bool Running
    {
        get
        {
            lock (_lock)
            {
                return !_running.IsEmpty;
            }
        }
    }

    /// <summary>Whether this check is running at the moment.</summary>
    public bool IsRunning(CheckResult result)
    {
        lock (_lock)
        {
            return _running.Any(index => _checks[index].Id == result.Id && _checks[index].Cluster == result.Cluster);
        }
    }

    /// <summary>Runs checks, a few at a time; those who ask while others run wait for their turn.</summary>
    /// <param name="only">Null for all.</param>
    public async Task RunAsync(CheckId? only, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var chosen = Enumerable.Range(0, _checks.Count).Where(index => only is null || _checks[index].Id == only).ToList();
            await System.Threading.Tasks.Parallel.ForEachAsync(
                chosen,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken },
                async (index, token) => await RunOneAsync(index, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task RunOneAsync(int index, CancellationToken cancellationToken)
    {
        Set(() => _running = _running.Add(index));
        var check = _checks[index];
        var began = _time.GetTimestamp();
        try
        {
            var verdict = await TryAsync(check, cancellationToken).ConfigureAwait(false);
            var result = new CheckResult(
                check.Id, check.Cluster, verdict.State, verdict.Cause, verdict.Arguments.Select(Clean).ToEquatableList(), verdict.Evidence.Take(MostEvidence).Select(text => text.With(Clean)).ToEquatableList(),
                _time.GetUtcNow(), _time.GetElapsedTime(began));
            Set(() => _results = _results.SetItem(index, result));
        }
        finally
        {
            Set(() => _running = _running.Remove(index));
        }
    }

    private async Task<Verdict> TryAsync(Check check, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await check.RunAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever keeps a check from its end is what it found out; the others go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Verdict.Bad(CheckCause.Unfinished, []).Saying(ClusterProblem.IsFailure(exception, cancellationToken) && check.Cluster.Length > 0
                ? ClusterProblem.Describe(exception, check.Cluster)
                : exception is OperationCanceledException ? new($"No answer within {Patience.TotalSeconds} s", $"{Patience.TotalSeconds} 秒内没有应答") : IExplained.Of(exception));
        }
    }

    private string Clean(string text)
    {
        var line = new string([.. SecretText.Hide(text, _secrets).Select(character => char.IsControl(character) ? ' ' : character)]).Trim();
        return line.Length <= LongestEvidence ? line : line[..LongestEvidence] + "…";
    }

    private void Set(Action change)
    {
        lock (_lock)
        {
            change();
        }

        Changed?.Invoke();
    }
}
