using System.Runtime.CompilerServices;
using Runner.Engine.Workloads;

namespace Runner.Engine.Probes;

/// <summary>One step before it runs.</summary>
/// <param name="RunsAnyway">Whether the step is run although one before it failed, such as cleaning up.</param>
internal sealed record ProbePlan(ProbeStepId Id, Func<CancellationToken, Task<ProbeResult>> Run, Func<bool>? RunsAnyway = null);

/// <summary>Runs steps one after the other and tells of each when it begins and when it ended. What fails ends the rest.</summary>
/// <param name="secrets">What must not stand in any evidence, whoever says it.</param>
internal sealed class ProbeSequence(TimeProvider time, IReadOnlyList<string> secrets)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int MostEvidence = 400;

    public async IAsyncEnumerable<ProbeStep> RunAsync(IReadOnlyList<ProbePlan> plan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var failed = false;
        foreach (var step in plan)
        {
            if (failed && step.RunsAnyway?.Invoke() != true)
            {
                yield return new(step.Id, ProbeOutcome.NotReached, TimeSpan.Zero, ProbeFault.None, [], "");
                continue;
            }

            yield return new(step.Id, ProbeOutcome.Running, TimeSpan.Zero, ProbeFault.None, [], "");
            var started = time.GetTimestamp();
            var result = await TryAsync(step, cancellationToken).ConfigureAwait(false);
            failed |= result.Outcome == ProbeOutcome.Failed;
            yield return new(step.Id, result.Outcome, time.GetElapsedTime(started), result.Fault, [.. result.Arguments.Select(Clean)], Clean(result.Evidence));
        }
    }

    private async Task<ProbeResult> TryAsync(ProbePlan step, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await step.Run(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            return ProbeResult.Failed(ProbeFault.Timeout, "", $"{Patience.TotalSeconds}");
        }
#pragma warning disable CA1031 // Whatever an unknown server makes a client throw is the finding of the step.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return NetworkFaults.Of(exception);
        }
    }

    // Servers may repeat what they were sent, at any length and with any characters.
    private string Clean(string text)
    {
        var line = new string([.. SecretText.Hide(text, secrets).Select(character => char.IsControl(character) ? ' ' : character)]).Trim();
        return line.Length <= MostEvidence ? line : line[..MostEvidence] + "…";
    }
}
