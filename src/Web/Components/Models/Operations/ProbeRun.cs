using Runner.Engine.Probes;
using Runner.Engine;

namespace Runner.Web.Components.Models.Operations;

/// <summary>A connection test as it goes on: its steps in order, each as it stands. Used by one circuit at a time.</summary>
public sealed class ProbeRun : IDisposable
{
    private readonly List<ProbeStep> _steps = [];
    private CancellationTokenSource? _stop;

    public IReadOnlyList<ProbeStep> Steps => _steps;

    public bool Running => _stop is not null;

    /// <summary>True once a test has come to its end.</summary>
    public bool Finished { get; private set; }

    /// <summary>Why the test could not be made; empty when it could.</summary>
    public LocalText Problem { get; private set; } = LocalText.None;

    /// <summary>Whether the role did not allow it.</summary>
    public bool Forbidden { get; private set; }

    /// <summary>The step that ended the test; null where none failed.</summary>
    public ProbeStep? Failure => _steps.Find(step => step.Outcome == ProbeOutcome.Failed);

    public bool Passed => Finished && Failure is null && Problem.Length == 0 && !Forbidden;

    /// <summary>Runs a test to its end. A test that runs is left alone.</summary>
    /// <param name="changed">Called after each step.</param>
    public async Task RunAsync(Func<CancellationToken, IAsyncEnumerable<ProbeStep>> test, Action changed)
    {
        if (_stop is not null)
        {
            return;
        }

        using var stop = _stop = new CancellationTokenSource();
        _steps.Clear();
        (Finished, Problem, Forbidden) = (false, LocalText.None, false);
        try
        {
            await foreach (var step in test(stop.Token).ConfigureAwait(true))
            {
                Take(step);
                changed();
            }

            Finished = true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _steps.RemoveAll(step => step.Outcome == ProbeOutcome.Running);
        }
        catch (UnauthorizedAccessException)
        {
            Forbidden = true;
        }
        catch (ConnectionTestException refusal)
        {
            Problem = refusal.Problem;
        }
        finally
        {
            _stop = null;
        }
    }

    /// <summary>Ends the test that runs.</summary>
    public void Cancel() => _stop?.Cancel();

    public void Dispose() => Cancel();

    private void Take(ProbeStep step)
    {
        var known = _steps.FindIndex(other => other.Id == step.Id);
        if (known < 0)
        {
            _steps.Add(step);
        }
        else
        {
            _steps[known] = step;
        }
    }
}
