namespace Runner.Engine.Clusters;

/// <summary>Pauses between attempts that double up to a limit, each spread over its upper half so that many clients do not return at once.</summary>
/// <param name="First">Pause after the first failure.</param>
/// <param name="Max">Longest pause.</param>
internal sealed record Backoff(TimeSpan First, TimeSpan Max)
{
    /// <param name="failures">Failures in a row so far, at least 1.</param>
    /// <param name="random">From 0 (half of the pause) to 1 (all of it).</param>
    public TimeSpan Delay(int failures, double random)
    {
        var whole = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), Max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + (random / 2)));
    }

#pragma warning disable CA5394 // Jitter is no secret.
    public TimeSpan Delay(int failures) => Delay(failures, Random.Shared.NextDouble());
#pragma warning restore CA5394
}
